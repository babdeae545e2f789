"""The terminal chat: a full screen, and a line mode for screen readers; Textual loads with `app` only."""
