"""Files that ``torch.save`` wrote, read so that nothing in them can run.

Their pickle goes through the same reader as any other; tensors become NumPy arrays, sparse ones
``scipy.sparse.csr_matrix``. torch's own loader is not asked: how much it believes of what a file says of its
sizes depends on its version, and it unpacks what is packed.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import Cancelled, FileError
from core.files.containers.bounds import Bounds, Refused
from core.files.containers.npz import zip_of
from core.files.containers.opening import MAX_BYTES, open_to_read, read_bytes
from core.files.containers.pickles import unpickled
from core.files.containers.tensors import OLD_START, TENSORS, Storage, Storages, old_contents

_CONTENTS = "data.pkl"
_MOST_CONTENTS = 1 << 26
_MOST_MEMBERS = 10_000


def is_torch(path: str | Path) -> bool:
    """Whether the file is as ``torch.save`` writes it, now or before 2020.

    Raises:
        FileError: the file cannot be read.
    """
    with open_to_read(path) as file:
        start = file.read(len(OLD_START))
        if start[:4] != b"PK\x03\x04":
            return start == OLD_START
        try:
            return _top(zip_of(file, path)) is not None
        except Exception:
            return False


def read_torch(path: str | Path) -> Any:
    """What ``torch.save`` put into a file: plain containers, numbers, text, arrays for tensors.

    Raises:
        FileError: the file is damaged or of another form, or asks for anything else, named in the message.
    """
    with open_to_read(path) as file:
        bounds = Bounds(file)
        old = file.read(len(OLD_START)) == OLD_START
        file.seek(0)
        try:
            if old:
                bounds.begin()
                return old_contents(read_bytes(path), TENSORS, bounds)
            with zipfile.ZipFile(file) as archive:
                members = _Members(archive)
                data = members.contents()
                return unpickled(path, data, bounds, names=TENSORS, outside=members.refer)
        except (FileError, Cancelled):
            raise
        except Exception as error:
            problem = "is a damaged or incomplete file of torch.save"
            problem = str(error) if isinstance(error, Refused) else problem
            bounds.failed(problem)
            raise FileError(path, problem) from None


def _top(archive: zipfile.ZipFile) -> str | None:
    """The one folder that everything in the zip is in; None where there is no such file of torch's."""
    tops = [name[: -len(_CONTENTS)] for name in archive.namelist() if name.endswith("/" + _CONTENTS)]
    return tops[0] if len(tops) == 1 else None


class _Members(Storages):
    """The members of the zip."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        super().__init__()
        top = _top(archive)
        if top is None or len(archive.infolist()) > _MOST_MEMBERS:
            raise Refused("is not a file of torch.save")
        self._archive, self._top = archive, top
        self._order, self._left = "<", MAX_BYTES
        if f"{top}byteorder" in archive.namelist() and self._bytes("byteorder", 16) == b"big":
            self._order = ">"

    def contents(self) -> bytes:
        """The pickle."""
        return self._bytes(_CONTENTS, _MOST_CONTENTS)

    def fetched(self, name: str, kind: type[Storage]) -> np.ndarray:
        return kind.numbers(self._bytes(f"data/{name}", MAX_BYTES), self._order)

    def _bytes(self, name: str, limit: int) -> bytes:
        try:
            info = self._archive.getinfo(self._top + name)
        except KeyError:
            raise Refused(f"is damaged: it has no '{name[:40]}'") from None
        # Stored as they are, so that reading takes no more memory than the file has bytes.
        if info.compress_type != zipfile.ZIP_STORED:
            raise Refused("is compressed, which torch's own files are not")
        if info.file_size > min(limit, self._left):
            raise Refused(f"needs more memory than the {MAX_BYTES} bytes allowed")
        self._left -= info.file_size
        return self._archive.read(info)
