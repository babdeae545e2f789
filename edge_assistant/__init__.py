"""An assistant for your own device: it answers and acts offline, and says how it decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_assistant.asking import ask as ask
    from edge_assistant.assistant import Assistant as Assistant

__version__ = "0.1.0"
__all__ = ["Assistant", "ask"]


def __getattr__(name: str) -> object:
    """Import the house only when somebody enters it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from edge_assistant import asking

    return getattr(asking, name)
