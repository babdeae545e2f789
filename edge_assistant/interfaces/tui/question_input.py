"""Where questions are written: several lines, a history, and nothing that was pasted is lost."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

from edge_assistant.safe_text import safe_text

_REMEMBERED: Final = 100


class QuestionInput(TextArea):
    """Enter sends, Ctrl+J makes a new line; up and down leave the text for earlier questions."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+j,shift+enter", "new_line")]

    class Sent(Message):
        """The user has asked something."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Refused(Message):
        """What is written is too long to be read."""

        def __init__(self, length: int) -> None:
            super().__init__()
            self.length = length

    def __init__(self, longest: int, placeholder: str) -> None:
        super().__init__(compact=True, highlight_cursor_line=False, placeholder=placeholder)
        self.cursor_blink = False
        self._longest = longest
        self._sent: list[str] = []
        self._turned_back = 0
        self._unsent = ""

    def action_send(self) -> None:
        """Hand the text over unless there is none, or more than can be read."""
        text = self.text.strip()
        if len(text) > self._longest:
            self.post_message(self.Refused(len(text)))
        elif text:
            self._sent = [*(earlier for earlier in self._sent if earlier != text), text][-_REMEMBERED:]
            self._turned_back = 0
            self.clear()
            self.post_message(self.Sent(text))

    def action_new_line(self) -> None:
        """Go on writing on another line."""
        self.insert("\n")

    def action_cursor_up(self, select: bool = False) -> None:
        """Go up a line; from the first one, to the question before."""
        if select or not self._at_edge(0) or not self._leave(-1):
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        """Go down a line; from the last one, to the question after."""
        last = self.wrapped_document.height - 1
        if select or not self._at_edge(last) or not self._leave(1):
            super().action_cursor_down(select)

    def restore(self, text: str) -> None:
        """Put a question back to be sent again, unless something else has been written since."""
        if not self.text.strip():
            self._write(text)

    async def _on_key(self, event: events.Key) -> None:
        """Send on Enter; a priority binding would overtake letters that are still on their way here."""
        if event.key == "enter":
            event.prevent_default()
            event.stop()
            self.action_send()

    async def _on_paste(self, event: events.Paste) -> None:
        """Insert a paste without its control characters, and say at once if it is too long."""
        event.prevent_default()
        event.stop()
        self.replace(safe_text(event.text.replace("\r\n", "\n").replace("\r", "\n")), *self.selection)
        if len(self.text) > self._longest:
            self.post_message(self.Refused(len(self.text)))

    def _at_edge(self, row: int) -> bool:
        return self.wrapped_document.location_to_offset(self.cursor_location).y == row

    def _leave(self, step: int) -> bool:
        """Show the question so many steps later, if there is one; what was being written is kept at the end."""
        turned_back = self._turned_back - step
        if not 0 <= turned_back <= len(self._sent):
            return False
        if self._turned_back == 0:
            self._unsent = self.text
        self._turned_back = turned_back
        self._write(self._sent[-turned_back] if turned_back else self._unsent)
        return True

    def _write(self, text: str) -> None:
        self.load_text(text)
        self.move_cursor(self.document.end)
