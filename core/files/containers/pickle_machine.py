"""Carries out the operations of a pickle, of which none can run anything or take more than its share.

It is Python's own reader, one operation after the other, with other hands for all that could be endless: keys
are plain, so that no hash takes long; whole numbers are short; nothing is taken in that is not there; and
every operation is paid for from the file's `core.files.containers.bounds.Bounds`.
"""

from __future__ import annotations

import codecs
import pickle
from collections.abc import Callable, Mapping
from typing import IO, Any, ClassVar

from core.files.containers.bounds import Bounds, Refused
from core.files.containers.pickle_resolver import StandIn, add, fill

REFUSED_OPERATIONS = ("PERSID", "BINPERSID", "EXT1", "EXT2", "EXT4", "NEXT_BUFFER", "READONLY_BUFFER")
MOST_OPERATIONS = 2_000_000
"""And one more for every byte of the file, and some for every array in it."""

_FOR_AN_ARRAY = 100
_LONGEST_NUMBER = 1000
_LONGEST_LINE = 5000
_AT_ONCE = 1 << 16
_SLICE = 1 << 14

# Bytes that an operation takes, about: of what it makes, its place on the stack and what keeps track of it.
_COSTS = {
    "MARK": 130,
    "LIST": 72,
    "EMPTY_LIST": 72,
    "DICT": 80,
    "EMPTY_DICT": 80,
    "EMPTY_SET": 224,
    "FROZENSET": 224,
    "EMPTY_TUPLE": 8,
    "NONE": 8,
    "NEWTRUE": 8,
    "NEWFALSE": 8,
    "BININT1": 8,
    "GET": 8,
    "BINGET": 8,
    "LONG_BINGET": 8,
    "DUP": 8,
    "PUT": 110,
    "BINPUT": 110,
    "LONG_BINPUT": 110,
    "MEMOIZE": 110,
    "REDUCE": 300,
    "NEWOBJ": 300,
    "NEWOBJ_EX": 300,
    "INST": 300,
    "OBJ": 300,
    "BUILD": 16,
}
_OTHERWISE = 56
_ENTRY = 100
"""Of a dict or set."""


def _costs() -> list[int]:
    costs = [_OTHERWISE] * 256
    for name, cost in _COSTS.items():
        costs[getattr(pickle, name)[0]] = cost
    return costs


_COST_OF = _costs()


class Machine(pickle._Unpickler):
    """Reads one pickle from where a file stands; bytes after its end stay in the file."""

    dispatch: ClassVar[dict[int, Any]] = pickle._Unpickler.dispatch.copy()  # type: ignore[assignment]

    def __init__(
        self,
        file: IO[bytes],
        bounds: Bounds,
        names: Mapping[tuple[str, str], type],
        outside: Callable[[Any], Any] | None = None,
    ) -> None:
        """``outside`` gives the stand-in for a reference to what lies beside the pickle; None refuses all."""
        super().__init__(file, encoding="latin1")
        self.file, self.bounds, self.names, self._outside = file, bounds, names, outside
        # Where a frame ends is of no use to somebody who reads on and on.
        self.read = file.read

    def load(self) -> Any:
        """What the pickle holds, with stand-ins in it.

        Raises:
            Refused: it holds something that is not opened, or asks for more than its share.
            Exception: any other, where it is damaged.
        """
        self.metastack: list[list[Any]] = []
        self.stack: list[Any] = []
        self.append = self.stack.append
        read, dispatch, bounds, left, since = self.read, self.dispatch, self.bounds, 0, 0
        try:
            while True:
                key = read(1)
                if not key:
                    raise EOFError
                code = key[0]
                left -= _COST_OF[code]
                since += 1
                if left < 0:
                    bounds.take(_SLICE)
                    left += _SLICE
                    bounds.operations += since
                    since = 0
                    if bounds.operations > MOST_OPERATIONS + bounds.size + _FOR_AN_ARRAY * bounds.arrays:
                        bounds.give_up(
                            f"has more than {MOST_OPERATIONS:,} objects that are not numbers, "
                            "which is not opened in a file of its size"
                        )
                dispatch[code](self)
        except pickle._Stop as end:  # type: ignore[attr-defined]
            bounds.operations += since
            return end.value

    def find_class(self, module: str, name: str) -> Any:
        """The stand-in for a global."""
        try:
            return self.names[(module, name)]
        except KeyError:
            raise Refused(f"asks for '{module[:80]}.{name[:80]}', which is never opened") from None

    def persistent_load(self, pid: Any) -> Any:
        """The stand-in for what lies beside the pickle."""
        if self._outside is None:
            raise Refused("refers to objects outside itself")
        return self._outside(pid)

    def readline(self) -> bytes:
        """A line with a name or a number."""
        line: bytes = self.file.readline(_LONGEST_LINE + 1)
        if len(line) > _LONGEST_LINE or not line.endswith(b"\n"):
            raise Refused("is damaged: a name or number in it has no end")
        return line

    def taken(self, size: int) -> bytes:
        """So many bytes, none of them before they are seen to be there."""
        data = bytes(self.bounds.read(self.file, size))
        if len(data) != size:
            raise EOFError
        return data

    # What follows stands in for Python's own, by the names of the operations.

    def _frame(self) -> None:
        self.read(8)

    def _refuse(self) -> None:
        raise Refused("refers to objects outside itself")

    def _refer(self) -> None:
        self.append(self.persistent_load(self.stack.pop()))

    def _length(self, width: int) -> int:
        data = self.read(width)
        if len(data) != width:
            raise EOFError
        return int.from_bytes(data, "little")

    def _bytes4(self) -> None:
        self.append(self.taken(self._length(4)))

    def _bytes8(self) -> None:
        self.append(self.taken(self._length(8)))

    def _text4(self) -> None:
        self.append(str(self.taken(self._length(4)), "utf-8", "surrogatepass"))

    def _text8(self) -> None:
        self.append(str(self.taken(self._length(8)), "utf-8", "surrogatepass"))

    def _latin4(self) -> None:
        self.append(self.taken(self._length(4)).decode("latin1"))

    def _long_line(self) -> bytes:
        pieces = []
        while piece := self.file.readline(_AT_ONCE):
            self.bounds.take(len(piece))
            pieces.append(piece)
            if piece.endswith(b"\n"):
                return b"".join(pieces)[:-1]
        raise EOFError

    def _latin_line(self) -> None:
        line = self._long_line()
        if len(line) < 2 or line[0] != line[-1] or line[0] not in b"\"'":
            raise pickle.UnpicklingError
        self.append(codecs.escape_decode(line[1:-1])[0].decode("latin1"))  # type: ignore[attr-defined]

    def _text_line(self) -> None:
        self.append(str(self._long_line(), "raw-unicode-escape"))

    def _number_line(self) -> None:
        line = self.readline()[:-1].removesuffix(b"L")
        if len(line) > _LONGEST_NUMBER:
            raise Refused(f"holds a whole number of {len(line)} digits")
        self.append({b"00": False, b"01": True}[line] if line in (b"00", b"01") else int(line, 0))

    def _long4(self) -> None:
        size = self._length(4)
        if size > _LONGEST_NUMBER:
            raise Refused(f"holds a whole number of {size} bytes")
        self.append(int.from_bytes(self.taken(size), "little", signed=True))

    def _made(self, kind: Any, args: Any, named: Any = None) -> None:
        if not (isinstance(kind, type) and issubclass(kind, StandIn) and isinstance(args, tuple)):
            raise Refused("is damaged: it uses data as if it were a function")
        self.bounds.take(8 * len(args))
        self._see(args[:1])
        self.append(kind(*args, **(named or {})))

    def _reduce(self) -> None:
        args, kind = self.stack.pop(), self.stack.pop()
        self._made(kind, args)

    def _new_named(self) -> None:
        named, args, kind = self.stack.pop(), self.stack.pop(), self.stack.pop()
        if type(named) is not dict:
            raise Refused("is damaged: it uses data as if it were a function")
        self._made(kind, args, named)

    def _instantiate(self, kind: Any, args: Any) -> None:
        self._made(kind, tuple(args))

    def _build(self) -> None:
        state, made = self.stack.pop(), self.stack[-1]
        if not isinstance(made, StandIn):
            raise Refused("is damaged: it fills an object that takes no contents")
        made.__setstate__(state)
        if isinstance(state, tuple):
            self._see(state[-1:])

    def _see(self, data: tuple[Any, ...]) -> None:
        """Takes note of what may be the numbers of an array."""
        if data and isinstance(data[0], (bytes, str)):
            self.bounds.found_array(len(data[0]))

    def _fill(self, into: Any, items: list[Any]) -> None:
        if type(into) is not dict or len(items) % 2:
            raise Refused("is damaged: it fills an object that takes no contents")
        fill(into, zip(items[::2], items[1::2], strict=True), self.bounds)

    def _set_item(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._fill(self.stack[-1], [key, value])

    def _set_items(self) -> None:
        items = self.pop_mark()  # type: ignore[attr-defined]
        self._fill(self.stack[-1], items)

    def _dict(self) -> None:
        items, made = self.pop_mark(), {}  # type: ignore[attr-defined,var-annotated]
        self._fill(made, items)
        self.append(made)

    def _list_append(self) -> None:
        value = self.stack.pop()
        self._extend([value])

    def _list_extend(self) -> None:
        self._extend(self.pop_mark())  # type: ignore[attr-defined]

    def _extend(self, items: list[Any]) -> None:
        into = self.stack[-1]
        if type(into) is not list:
            raise Refused("is damaged: it fills an object that takes no contents")
        into.extend(items)

    def _add_items(self) -> None:
        items, into = self.pop_mark(), self.stack[-1]  # type: ignore[attr-defined]
        if type(into) is not set:
            raise Refused("is damaged: it fills an object that takes no contents")
        add(into, items, self.bounds)

    def _frozen(self) -> None:
        made: set[Any] = set()
        add(made, self.pop_mark(), self.bounds)  # type: ignore[attr-defined]
        self.append(frozenset(made))

    for _operation in REFUSED_OPERATIONS:
        dispatch[getattr(pickle, _operation)[0]] = _refuse
    for _operation, _hand in {
        "BINPERSID": _refer,
        "FRAME": _frame,
        "BINBYTES": _bytes4,
        "BINBYTES8": _bytes8,
        "BYTEARRAY8": _bytes8,
        "BINUNICODE": _text4,
        "BINUNICODE8": _text8,
        "BINSTRING": _latin4,
        "STRING": _latin_line,
        "UNICODE": _text_line,
        "INT": _number_line,
        "LONG": _number_line,
        "LONG4": _long4,
        "REDUCE": _reduce,
        "NEWOBJ_EX": _new_named,
        "NEWOBJ": _reduce,
        "BUILD": _build,
        "SETITEM": _set_item,
        "SETITEMS": _set_items,
        "DICT": _dict,
        "APPEND": _list_append,
        "APPENDS": _list_extend,
        "ADDITEMS": _add_items,
        "FROZENSET": _frozen,
    }.items():
        dispatch[getattr(pickle, _operation)[0]] = _hand
    del _operation, _hand
