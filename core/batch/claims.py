"""Who does what, where several processes share a folder of results: a file for each thing that is being done.

A claim is made whole or not at all, and by one process alone. It falls when it is let go; on its own machine
when its process is gone; elsewhere when nobody has touched it for `UNTOUCHED_SECONDS`, by the clock of the
disk that the folder lies on.

Who takes away a claim, his own or one that has fallen, makes a guard first, a file that is named after that
very claim and that one process alone can make. If he is gone too, the next guard is named after his, and so
on: none is taken away before the claim is, so whoever has the last one is the only one who acts on what he
has seen. Who was held up so long in between that he was taken to be gone does no harm either: he gives the
claim a name of his own first, and what he then finds to be another one gets its name back.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from core.batch.heartbeat import UNTOUCHED_SECONDS, Heartbeat, now_at
from core.errors import FileError
from core.files.beside_results import RUNS_FOLDER
from core.files.containers.atomic import reason, sweep, temporary_beside
from core.files.containers.documents import parsed_json

FOLDER = "claims"
SUFFIX = ".claim"
GUARD = ".fallen"
"""Of who takes away a claim that has fallen."""
MOST_GUARDS = 1000
"""So many may have been killed one after the other taking away one claim."""
MISSED_SECONDS = 90.0
"""A process number is used again; a claim is that of another process only if it has missed some touches."""
_SAME_START_SECONDS = 60.0
_LONGEST = 10_000
_PLAIN = re.compile(r"[0-9A-Za-z]{1,64}")


@dataclass(frozen=True)
class Holder:
    """The process that holds a claim.

    Attributes:
        host: its machine.
        place: equal where process numbers mean the same processes: one boot, one container.
        pid: its number.
        started: when it did, seconds since 1970.
    """

    host: str
    place: str
    pid: int
    started: float

    @classmethod
    def this(cls) -> Holder:
        """The process that asks."""
        return cls(socket.gethostname(), _place(), os.getpid(), psutil.Process().create_time())

    @classmethod
    def of_json(cls, values: object) -> Holder | None:
        """What a claim says; None where it makes no sense."""
        if not isinstance(values, dict):
            return None
        host, place, pid, started = (values.get(key) for key in ("host", "place", "pid", "started"))
        if not (isinstance(host, str) and isinstance(place, str) and type(pid) is int and pid > 0):
            return None
        return cls(host, place, pid, float(started) if isinstance(started, int | float) else 0.0)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"host": self.host, "place": self.place, "pid": self.pid, "started": self.started}

    def is_gone(self, untouched: float) -> bool:
        """Whether what it holds has fallen.

        Args:
            untouched: seconds since the claim was touched.
        """
        if (self.host, self.place) != (socket.gethostname(), _place()):
            return untouched > UNTOUCHED_SECONDS
        try:
            started = psutil.Process(self.pid).create_time()
        except (psutil.NoSuchProcess, ValueError, OverflowError):
            return True
        except psutil.Error:
            return untouched > UNTOUCHED_SECONDS
        # The clock of the machine may have been set meanwhile; who has missed no touch is there.
        return abs(started - self.started) > _SAME_START_SECONDS and untouched > MISSED_SECONDS

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


def _place() -> str:
    parts = []
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
    with suppress(OSError):
        parts.append(str(os.stat("/proc/self/ns/pid").st_ino))
    return " ".join(parts)


class Claims:
    """What this process holds of a folder of results; any thread may ask.

    Args:
        folder: of the results; made when the first claim is.
        private: no claim names this machine, so that other processes wait `UNTOUCHED_SECONDS` for what is
            gone.
    """

    def __init__(self, folder: Path, *, private: bool = False) -> None:
        self._root, self._folder = folder, folder / RUNS_FOLDER / FOLDER
        self._mine = Holder("", "", os.getpid(), 0.0) if private else Holder.this()
        self._held: dict[str, str] = {}
        """By name the word that no other claim has."""
        self._lock = threading.Lock()
        self._heartbeat = Heartbeat("refit-claims", self._held_files)

    def path(self, name: str) -> Path:
        """The file that claims ``name``, any text."""
        digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:32]
        return self._folder / f"{digest}{SUFFIX}"

    def tries(self, name: str, what: str = "") -> Path:
        """A file for what workers note of it, or of ``what`` is done for it (`core.batch.tries`); it goes
        with the claim."""
        return self.path(name).with_suffix(f".{what}.tries" if what else ".tries")

    def take(self, name: str) -> bool:
        """Claims it, if nobody else does.

        Raises:
            FileError: no claim can be made in the folder.
        """
        path, token = self.path(name), secrets.token_hex(8)
        try:
            while not self._made(path, token):
                if not self._removed_fallen(path):
                    return False
        except OSError as error:
            raise FileError(path.parent, f"cannot be written to: {reason(error)}") from None
        with self._lock:
            self._held[name] = token
            self._heartbeat.begin()
        return True

    def release(self, name: str) -> None:
        """It is done with, if this process holds it."""
        with self._lock:
            token = self._held.pop(name, None)
        if token is None:
            return
        with suppress(OSError):
            path = self.path(name)
            found = _look_at(path)
            # Where somebody is about to take it away it is left to him.
            if found is not None and found.word == token and self._guards(path, found):
                self._take_away(path, found)

    def is_held(self, name: str) -> bool:
        """Whether this process holds it."""
        return name in self._held

    def holder(self, name: str) -> Holder | None:
        """Who holds it; None where nobody does, or who does says nothing of itself."""
        holder: Holder | None = None
        with suppress(OSError):
            found = _look_at(self.path(name))
            holder = None if found is None else found.holder
        return holder if holder is not None and holder.host else None

    def close(self) -> None:
        """Lets go of all that is held; what processes have left that are gone goes too, and then folders that
        are empty."""
        self._heartbeat.end()
        for name in list(self._held):
            self.release(name)
        with suppress(OSError):
            for path in self._folder.glob(f"*{SUFFIX}"):
                self._removed_fallen(path)
            for guard in self._folder.glob(f"*{GUARD}"):
                digest, _, word = guard.name.partition(".")
                there = _look_at(self._folder / f"{digest}{SUFFIX}")
                if there is None or there.word != word.partition(".")[0]:
                    guard.unlink(missing_ok=True)
            self._folder.rmdir()
            self._folder.parent.rmdir()

    def __enter__(self) -> Claims:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _made(self, path: Path, token: str) -> bool:
        """Whether the claim is this process's now: a file with all that it says appears under its name, or
        none."""
        draft = temporary_beside(path)
        told = self._told(token)
        for _ in range(3):  # whoever ends meanwhile takes folders away that are empty
            with suppress(FileNotFoundError):
                draft.parent.mkdir(parents=True, exist_ok=True)
                draft.write_bytes(told)
                break
        sweep(draft)
        try:
            os.link(draft, path)
        except FileExistsError:
            return False
        except OSError:  # a disk that knows no links
            return _made_at_once(path, told)
        finally:
            draft.unlink()
        return True

    def _removed_fallen(self, path: Path) -> bool:
        """Whether a claim is gone that had fallen.

        Raises:
            OSError: no guard can be made, or the claim cannot be taken away.
        """
        fallen = _look_at(path)
        if fallen is None:
            return True
        if not self._is_fallen(fallen) or not self._guards(path, fallen):
            return False
        self._take_away(path, fallen)
        return True

    def _guards(self, path: Path, seen: _Seen) -> bool:
        """Whether this process alone may take away a claim that it has seen, or it is gone by now.

        Raises:
            OSError: no guard can be made.
        """
        word = seen.word
        for _ in range(MOST_GUARDS):
            guard = path.with_suffix(f".{seen.word}.{word}{GUARD}")
            with suppress(FileNotFoundError):  # where the folder is gone, nothing is in it
                if _made_at_once(guard, self._told(secrets.token_hex(8))):
                    return True
            if (before := _look_at(guard)) is None:
                return True  # with its guards
            if not self._is_fallen(before):
                return False  # somebody is about it
            word = before.word
        return False

    def _take_away(self, path: Path, seen: _Seen) -> None:
        """Of this claim nobody else takes anything away; what others see that is gone already changes
        nothing."""
        now = _look_at(path)
        if now is not None and now.word == seen.word:
            _remove(path, seen)
        for left in _named(path.parent, f"{path.stem}.{seen.word}.", GUARD):
            left.unlink(missing_ok=True)

    def _is_fallen(self, seen: _Seen) -> bool:
        untouched = now_at(self._folder) - seen.touched
        return untouched > UNTOUCHED_SECONDS if seen.holder is None else seen.holder.is_gone(untouched)

    def _told(self, token: str) -> bytes:
        return json.dumps({**self._mine.to_json(), "token": token}).encode()

    def _held_files(self) -> list[Path]:
        with self._lock:
            return [self.path(name) for name in self._held]


class NoClaims(Claims):
    """Where nobody shares: everything may be done, and nothing is written."""

    def __init__(self) -> None:
        super().__init__(Path(), private=True)

    def take(self, name: str) -> bool:
        """Always."""
        return True

    def close(self) -> None:
        """Nothing is held."""


@contextmanager
def claims_in(folder: Path | None, *, private: bool = False) -> Iterator[Claims]:
    """Claims in a folder of results, or none where there is no folder to share."""
    with NoClaims() if folder is None else Claims(folder, private=private) as claims:
        yield claims


@dataclass(frozen=True)
class _Seen:
    """A claim or a guard, as it was when somebody looked.

    Attributes:
        word: that no other one has.
        holder: whose it is; None where it says nothing of that.
        touched: when it was last, by the clock of its disk.
    """

    word: str
    holder: Holder | None
    touched: float


def _at_once(path: str, flags: int) -> int:
    """Opens what may be a pipe, which would wait for somebody who writes."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _look_at(path: Path) -> _Seen | None:
    """What there is; None for nothing.

    Raises:
        OSError: the folder cannot be looked into.
    """
    try:
        try:
            with open(path, "rb", opener=_at_once) as file:
                status = os.fstat(file.fileno())
                told = file.read(_LONGEST) if stat.S_ISREG(status.st_mode) else b""
        except FileNotFoundError:
            raise
        except OSError:  # it may not be read
            status, told = path.stat(), b""
    except FileNotFoundError:
        return None
    try:
        found = parsed_json(told.decode())
    except ValueError:
        found = None
    token = found.get("token") if isinstance(found, dict) else None
    plain = isinstance(token, str) and _PLAIN.fullmatch(token) is not None
    word = str(token) if plain else f"{status.st_ino:x}-{status.st_mtime_ns:x}"
    return _Seen(word, Holder.of_json(found), status.st_mtime)


def _named(folder: Path, start: str, end: str) -> list[Path]:
    with suppress(FileNotFoundError):
        return [folder / name for name in os.listdir(folder) if name.startswith(start) and name.endswith(end)]
    return []


def _remove(path: Path, seen: _Seen) -> None:
    """A claim, and what workers have noted of it; another one that is found in its place stays."""
    for notes in _named(path.parent, f"{path.stem}.", "tries"):
        notes.unlink(missing_ok=True)
    own = temporary_beside(path)
    try:
        os.rename(path, own)
    except FileNotFoundError:
        return
    found = _look_at(own)
    if found is not None and found.word != seen.word and _came_back(own, path):
        return
    with suppress(OSError):  # of a folder, which is swept once it is old
        own.unlink()


def _came_back(own: Path, path: Path) -> bool:
    """Gives a claim its name back, unless somebody has claimed it since; whether it has no other name any
    more."""
    try:
        os.link(own, path)
    except FileExistsError:
        return False
    except OSError:  # a disk that knows no links
        if not os.path.lexists(path):
            os.rename(own, path)
            return True
    return False


def _made_at_once(path: Path, told: bytes) -> bool:
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o666)
    except FileExistsError:
        return False
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(told)
    except OSError:  # of a disk that is full
        with suppress(OSError):
            path.unlink()
        raise
    return True
