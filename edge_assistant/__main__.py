"""`python -m edge_assistant` is the command line."""

from edge_assistant.interfaces.cli import main

main()
