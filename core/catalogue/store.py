"""The file of the index: where it can lie, and whether it is one."""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from core.catalogue.schema import APPLICATION, TABLES, VERSION
from core.environment import kept_folder
from core.errors import FileError
from core.files.beside_results import INDEX_FILE
from core.files.containers.atomic import temporary_beside
from core.files.containers.opening import check_regular
from core.files.kept.kept_files import CATALOGUES

WAIT_SECONDS = 20.0
"""For another process that builds the same index."""

_ENDINGS = ("", "-journal")
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
        FileError: another process has held it for `WAIT_SECONDS`.
    """

    def __init__(self, folder: Path, *, rebuild: bool = False, kept: bool = True) -> None:
        self.told = ""
        self.path = folder / INDEX_FILE
        if not kept:
            self.connection = _connected(Path(":memory:"))
            _prepare(self.connection)
            return
        why = _why_not(folder)
        if why:
            self.path, where = _elsewhere(folder)
            self.told = f"{folder / INDEX_FILE} {why}: the catalogue is kept {where} instead."
        self.connection = _opened(self.path, rebuild)

    def told_of(self, error: sqlite3.Error) -> FileError:
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
    if os.path.exists(path):
        check_regular(path, path.stat())
        if rebuild:
            _set_aside(path)
    elif rebuild and os.path.islink(path):  # which leads nowhere
        os.replace(path, path.with_name(f"{path.name}.old"))
    connection: sqlite3.Connection | None = None
    try:
        connection = _connected(path)
        _prepare(connection)
    except (sqlite3.Error, _Other) as error:
        if connection is not None:
            connection.close()
        raise _told(path, error) from None
    return connection


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)
    connection.execute("PRAGMA trusted_schema = OFF")
    # A journal that is a file of its own needs no memory that processes share: network disks have none.
    connection.execute("PRAGMA journal_mode = DELETE")
    # What a crash of the whole machine takes along is built anew.
    connection.execute("PRAGMA synchronous = OFF")
    # Who reads waits for a commit alone, and not from when on what is being written fills the cache.
    connection.execute("PRAGMA cache_spill = OFF")
    return connection


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
    what = str(error) if isinstance(error, _Other) else f"cannot be read ({error})"
    return Unreadable(
        path,
        f"{what}; it only lists what journals and results say: `refit report --rebuild` builds it anew from "
        "them",
    )


def _set_aside(path: Path) -> None:
    """An index that is one is deleted; whatever else has its name gets another one."""
    try:
        with closing(_connected(path)) as connection:
            ours = _pragma(connection, "application_id") == APPLICATION
    except sqlite3.Error:
        ours = False
    if not ours:
        os.replace(path, path.with_name(f"{path.name}.old"))
    for ending in _ENDINGS:
        with suppress(FileNotFoundError):
            path.with_name(path.name + ending).unlink()


def _why_not(folder: Path) -> str:
    """Why no index can lie in a folder, in words; '' where it can."""
    probe = temporary_beside(folder / INDEX_FILE)
    try:
        with closing(_connected(probe)) as connection:
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
                probe.with_name(probe.name + ending).unlink()
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
    atexit.register(shutil.rmtree, made, True)
    return made
