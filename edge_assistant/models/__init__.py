"""Which language models there are, where they come from, and which one runs now."""
