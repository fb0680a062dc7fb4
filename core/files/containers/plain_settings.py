"""A settings file from which Qt reads words, numbers and bytes, and no objects.

PySide stores what is neither as a pickle, ``@Variant(…)``, and opens it as soon as any value beside it is
asked for: it could run anything. What is stored so is taken out of the file before Qt sees it.
"""

from __future__ import annotations

import re
from pathlib import Path

from core.files.containers.atomic import atomic_write
from core.files.containers.opening import read_bytes

_MOST_BYTES = 1 << 24
_OBJECT = re.compile(r"@(?:Variant|DateTime)\(")
# Signs may be told by numbers; what is larger than a sign Qt cuts to one.
_NUMBER = re.compile(r"\\(?:x([0-9a-fA-F]+)|([0-7]+))")
_SIGNS = 1 << 16


def keep_plain(path: Path) -> None:
    """Takes out of an ini file every line that may hold an object.

    Raises:
        FileError: it cannot be read, or holds such a line and cannot be written.
    """
    if not path.exists():
        return
    text = read_bytes(path, _MOST_BYTES).decode("utf-8", "surrogateescape")
    kept = plain_text(text)
    if kept != text:
        with atomic_write(path, overwrite=True) as file:
            file.write(kept.encode("utf-8", "surrogateescape"))


def plain_text(text: str) -> str:
    """The text of an ini file without the lines that may hold an object; nothing, where it may then still
    hold one, over several lines.
    """
    if _is_plain(text):
        return text
    kept = "".join(line for line in text.splitlines(keepends=True) if _is_plain(line))
    return kept if _is_plain(kept) else ""


def _is_plain(text: str) -> bool:
    """No object begins anywhere, however Qt reads quotes, ends of lines, and signs told by numbers."""
    signs = _NUMBER.sub(lambda found: chr(_sign(found) % _SIGNS), text)
    return _OBJECT.search(re.sub(r'["\\\s]', "", signs)) is None


def _sign(found: re.Match[str]) -> int:
    return int(found[1], 16) if found[1] else int(found[2], 8)
