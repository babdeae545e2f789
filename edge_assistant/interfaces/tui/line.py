"""Text that a stranger may have written, shown as it stands and obeyed in nothing."""

from __future__ import annotations

from textual.widgets import Static

from edge_assistant.safe_text import safe_text


class Line(Static):
    """A few words without markup and without the characters that command a terminal."""

    def __init__(self, text: str = "", *, classes: str | None = None) -> None:
        super().__init__(safe_text(text).expandtabs(4), markup=False, classes=classes)

    def say(self, text: str) -> None:
        """Show another text."""
        self.update(safe_text(text).expandtabs(4))
