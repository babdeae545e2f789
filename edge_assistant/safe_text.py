"""What a terminal may be shown, and what can be written at all."""

from __future__ import annotations

_FORBIDDEN = frozenset(
    (
        *(code for code in range(0x20) if code not in (0x09, 0x0A)),  # C0, but tab and newline
        *range(0x7F, 0xA0),  # DEL and C1
        0x061C,
        *range(0x200E, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),  # bidirectional controls: the Trojan Source characters (CVE-2021-42574)
        *range(0xE0000, 0xE0080),  # tag characters: invisible text
    )
)
_TABLE = dict.fromkeys(_FORBIDDEN)


def safe_text(text: str) -> str:
    """Drop control, bidirectional and tag characters; each character is judged alone, so pieces may be cut anywhere."""
    return text.translate(_TABLE)


def writable_text(text: str) -> str:
    """Put question marks for halves of surrogate pairs: bytes that were no UTF-8, or a broken escape in JSON."""
    return text.encode(errors="replace").decode()
