"""Which keys of a file were asked for, so that the others can be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

# Of so many neighbours with the same key, or of numbered ones, their names say nothing.
_MANY = 3


class AskedDict(dict[Any, Any]):
    """A dict that remembers which of its keys were asked for; dicts in it, and in lists in it, do so too.

    Whether a key is there may be asked freely (``in``, ``keys``); its value counts.
    """

    def __init__(self, table: dict[Any, Any]) -> None:
        super().__init__(table)
        self._asked: dict[Any, Any] = {}

    def __getitem__(self, key: Any) -> Any:
        if key not in self._asked:
            # One in another only when it is asked for: a file may nest them without end.
            self._asked[key] = asking(super().__getitem__(key))
        return self._asked[key]

    def get(self, key: Any, default: Any = None) -> Any:
        return self[key] if key in self else default  # noqa: SIM401

    # Without it `dict(table)` and `{**table}` would pass by what is above.
    def __iter__(self) -> Iterator[Any]:
        return super().__iter__()

    def values(self) -> list[Any]:  # type: ignore[override]
        return [self[key] for key in self]

    def items(self) -> list[tuple[Any, Any]]:  # type: ignore[override]
        return [(key, self[key]) for key in self]

    def forget(self) -> None:
        """Nothing was asked for."""
        self._asked.clear()

    def unused(self) -> list[str]:
        """Names of the keys that nobody asked for, those of dicts in it after a dot."""
        found: list[tuple[str, str]] = []
        for key in self:
            if key not in self._asked:
                found.append((str(key), ""))
            else:
                found += [(str(key), inner) for inner in _unused_in(self._asked[key])]
        return _gathered(found)


# What is shown to people of a value's type.
AskedDict.__name__ = "dict"


def asking(value: Any) -> Any:
    """The value, that remembers what of it was asked for where it is a dict, or a list of them."""
    if isinstance(value, dict):
        return value if isinstance(value, AskedDict) else AskedDict(value)
    if type(value) in (list, tuple) and any(isinstance(item, dict) for item in value):
        return type(value)(AskedDict(item) if isinstance(item, dict) else item for item in value)
    return value


def unused_in(value: Any) -> tuple[str, ...]:
    """Names of the keys that nobody asked for, in what `asking` gave."""
    if isinstance(value, AskedDict):
        return tuple(value.unused())
    return tuple(name.removeprefix(".") for name in _unused_in(value))


def _unused_in(value: Any) -> list[str]:
    """What follows the key that the value is under: nothing for all of it."""
    if isinstance(value, AskedDict):
        return [f".{name}" for name in value.unused()] if value._asked or not value else [""]
    if isinstance(value, list | tuple):
        tables = [item for item in value if isinstance(item, AskedDict)]
        used = {str(key) for table in tables for key in table._asked}
        inner = dict.fromkeys(name for table in tables for name in table.unused())
        return [f".{name}" for name in inner if name not in used]
    return []


def _gathered(found: list[tuple[str, str]]) -> list[str]:
    """Keys with what follows them; many that go on alike are one, with a star."""
    same = Counter(inner for _, inner in found if inner)
    names = [
        f"*{inner}" if inner and (same[inner] >= _MANY or key.isdigit()) else f"{key}{inner}"
        for key, inner in found
    ]
    return list(dict.fromkeys(names))
