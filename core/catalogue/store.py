"""The file of the index: where it can lie, and whether it is one."""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import sqlite3
import stat
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from core.catalogue.damage import ERRORS
from core.catalogue.schema import APPLICATION, TABLES, VERSION
from core.environment import kept_folder
from core.errors import FileError
from core.files.beside_results import INDEX_FILE
from core.files.containers.atomic import reason, temporary_beside
from core.files.containers.opening import check_regular, open_to_read
from core.files.kept.kept_files import CATALOGUES
from core.shown_text import shown

WAIT_SECONDS = 20.0
"""For another process that builds the same index."""

CACHE_KB = 1 << 15
"""Of what is in the file that is kept in memory: all of some tens of thousands of clips."""

_ENDINGS = ("", "-journal")
_FOREIGN_ENDINGS = (*_ENDINGS, "-wal", "-shm")
_MAGIC, _APPLICATION_AT = b"SQLite format 3\0", slice(68, 72)
_MADE = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"


class Unreadable(FileError):
    """There is an index that is none; asked to, it can be built anew."""


class Store:
    """The connection to an index that is there, is one of this version, and can be written.

    Args:
        folder: of the results.
        rebuild: what is there is of no use.
        kept: False for an index in memory alone: there are no results whose index could lie beside them.

    Attributes:
        path: of the file.
        connection: to it; of the thread that made it.
        told: a sentence where it does not lie beside the results.

    Raises:
        Unreadable: there is an index that cannot be read.
        FileError: another process has held it for `WAIT_SECONDS`, or what is there cannot be moved.
    """

    def __init__(self, folder: Path, *, rebuild: bool = False, kept: bool = True) -> None:
        self.told = ""
        self.path = folder / INDEX_FILE
        if not kept:
            self.connection = sqlite3.connect(":memory:", isolation_level=None)
            _set_up(self.connection)
            _prepare(self.connection)
            return
        why = _why_not(folder)
        if why:
            self.path, where = _elsewhere(folder)
            self.told = f"{folder / INDEX_FILE} {why}: the catalogue is kept {where} instead."
        self.connection = _opened(self.path, rebuild)

    def told_of(self, error: Exception) -> FileError:
        """What went wrong with it, in a sentence."""
        return _told(self.path, error)

    def close(self) -> None:
        """Lets go of the file."""
        self.connection.close()


@contextmanager
def transaction(connection: sqlite3.Connection, begun: str = "IMMEDIATE") -> Iterator[None]:
    """All of the block is written, or nothing; ``begun`` as ``"DEFERRED"`` it waits for nobody who writes the
    file until it does so itself."""
    connection.execute(f"BEGIN {begun}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _opened(path: Path, rebuild: bool) -> sqlite3.Connection:
    if rebuild:
        try:
            _set_aside(path)
        except OSError as error:
            raise FileError(path, f"cannot be built anew, for it cannot be moved: {reason(error)}") from None
    connection: sqlite3.Connection | None = None
    try:
        _check_files(path)
        connection = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)
        _set_up(connection)
        _prepare(connection)
        # A journal that is a file of its own needs no memory that processes share: network disks have none.
        connection.execute("PRAGMA journal_mode = DELETE")
    except (*ERRORS, _Other) as error:
        if connection is not None:
            connection.close()
        raise _told(path, error) from None
    return connection


def _check_files(path: Path) -> None:
    """Nothing is opened that is no file, nor a database of somebody else's: SQLite would wait for the one,
    and write to the other.

    Raises:
        _Other: it is such a thing.
    """
    for ending in _ENDINGS:
        file = _beside(path, ending)
        try:
            check_regular(file, file.stat())
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _Other(f"cannot be read ({error.strerror})") from None
        except FileError as error:
            raise _Other(
                error.problem if file == path else f"{file.name} beside it {error.problem}"
            ) from None
    # Of what was left half written nothing is known until SQLite has put it right.
    if not os.path.exists(_beside(path, "-journal")) and _application(path) not in (None, APPLICATION):
        raise _Other("is a database of something else")


def _beside(path: Path, ending: str) -> Path:
    """What SQLite calls a file that belongs to a database."""
    return path.with_name(path.name + ending)


def _application(path: Path) -> int | None:
    """Whose a database is, by the number that it says of itself; None where there is none."""
    with suppress(FileError), open_to_read(path) as file:
        start = file.read(_APPLICATION_AT.stop)
        if start.startswith(_MAGIC) and len(start) == _APPLICATION_AT.stop:
            return int.from_bytes(start[_APPLICATION_AT], "big")
    return None


def _set_up(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA trusted_schema = OFF")
    # What a crash of the whole machine takes along is built anew.
    connection.execute("PRAGMA synchronous = OFF")
    # Who reads waits for a commit alone, and not from when on what is being written fills the cache.
    connection.execute("PRAGMA cache_spill = OFF")
    connection.execute(f"PRAGMA cache_size = {-CACHE_KB}")


class _Other(Exception):
    """A database that is no index of this version."""


def _prepare(connection: sqlite3.Connection) -> None:
    if _is_ready(connection):
        return
    with transaction(connection):
        version = _pragma(connection, "user_version")
        application = _pragma(connection, "application_id")
        tables = {row[0] for row in connection.execute(_MADE)}
        if tables and application != APPLICATION:
            raise _Other("is a database of something else")
        if version > VERSION:
            raise _Other(f"is of version {version}, expected at most {VERSION}")
        if tables and version == VERSION and tables != set(TABLES):
            raise _Other("has other tables than it should")
        if version < VERSION:
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table'"
            ).fetchall():
                quoted = name.replace('"', '""')
                connection.execute(f'DROP TABLE "{quoted}"')
            for table in TABLES:
                connection.execute(table)
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {VERSION}")


def _is_ready(connection: sqlite3.Connection) -> bool:
    """There is nothing to prepare: who only reads need not wait for whoever writes."""
    if _pragma(connection, "user_version") != VERSION or _pragma(connection, "application_id") != APPLICATION:
        return False
    return {row[0] for row in connection.execute(_MADE)} == set(TABLES)


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _told(path: Path, error: Exception) -> FileError:
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return FileError(path, "is being written by another process; try again once that is done")
    if isinstance(error, sqlite3.OperationalError) and "full" in str(error):
        return FileError(path, "cannot be written: there is no space left on the disk")
    why = "its tables are damaged" if isinstance(error, UnicodeError) else shown(str(error))
    what = str(error) if isinstance(error, _Other) else f"cannot be read ({why})"
    return Unreadable(
        path,
        f"{what}; it only lists what journals and results say: `refit report --rebuild` builds it anew from "
        "them",
    )


def _set_aside(path: Path) -> None:
    """An index that is one is deleted; whatever else has its name gets another one, and keeps what belongs to
    it.

    Raises:
        OSError: it cannot be moved.
    """
    if _application(path) == APPLICATION and all(_is_file(_beside(path, one)) for one in _ENDINGS):
        for ending in _ENDINGS:
            _beside(path, ending).unlink(missing_ok=True)
        return
    numbers = (f".old{number}" for number in itertools.count(2))
    names = (path.with_name(path.name + ending) for ending in itertools.chain([".old"], numbers))
    free = next(name for name in names if not os.path.lexists(name))
    for ending in _FOREIGN_ENDINGS:
        if os.path.lexists(_beside(path, ending)):
            os.rename(_beside(path, ending), _beside(free, ending))


def _is_file(path: Path) -> bool:
    """A file, or nothing."""
    return not os.path.lexists(path) or stat.S_ISREG(path.lstat().st_mode)


def _why_not(folder: Path) -> str:
    """Why no index can lie in a folder, in words; '' where it can."""
    probe = temporary_beside(folder / INDEX_FILE)
    try:
        with closing(sqlite3.connect(probe, timeout=WAIT_SECONDS, isolation_level=None)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("CREATE TABLE probe (id)")
            connection.execute("COMMIT")
    except sqlite3.OperationalError as error:
        if "unable to open" in str(error) or "readonly" in str(error) or "full" in str(error):
            return f"cannot be written ({error})"
        return f"cannot be locked on this disk ({error})"
    finally:
        for ending in _ENDINGS:
            with suppress(OSError):
                _beside(probe, ending).unlink()
    return ""


def _elsewhere(folder: Path) -> tuple[Path, str]:
    """A place for the index of a folder in which it cannot lie, and in words where that is."""
    name = f"{hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:32]}.db"
    kept = kept_folder() / CATALOGUES
    with suppress(OSError):
        kept.mkdir(parents=True, exist_ok=True)
        if not _why_not(kept):
            return kept / name, f"in {kept}"
    return _for_now() / name, "for this time only"


@lru_cache(maxsize=1)
def _for_now() -> Path:
    made = Path(tempfile.mkdtemp(prefix="refit-"))
    # As `tempfile.TemporaryDirectory` does, so that a process that ends at once knows of it, too.
    weakref.finalize(_for_now, shutil.rmtree, made, True)
    return made
