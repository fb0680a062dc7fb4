"""Who does what, where several processes share a folder of results: a file for each thing that is being done.

A claim is made whole or not at all, and by one process alone. It falls when it is let go; on its own machine
when its process is gone; elsewhere when nobody has touched it for `UNTOUCHED_SECONDS`, by the clock of the
disk that the folder lies on.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import socket
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
MISSED_SECONDS = 90.0
"""A process number is used again; a claim is that of another process only if it has missed some touches."""
_SAME_START_SECONDS = 60.0
_LONGEST = 10_000


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
        self._token = secrets.token_hex(8)
        self._held: set[str] = set()
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
        path = self.path(name)
        try:
            while not self._made(path):
                if not (self._fallen(path) and self._removed_fallen(path)):
                    return False
        except OSError as error:
            raise FileError(path.parent, f"cannot be written to: {reason(error)}") from None
        with self._lock:
            self._held.add(name)
            self._heartbeat.begin()
        return True

    def release(self, name: str) -> None:
        """It is done with, if this process holds it."""
        with self._lock:
            if name not in self._held:
                return
            self._held.discard(name)
        with suppress(OSError):
            path = self.path(name)
            if self._is_mine(path):
                _remove(path)

    def is_held(self, name: str) -> bool:
        """Whether this process holds it."""
        return name in self._held

    def holder(self, name: str) -> Holder | None:
        """Who holds it; None where nobody does, or who does says nothing of itself."""
        found = _read(self.path(name))
        holder = None if found is None else Holder.of_json(found)
        return holder if holder is not None and holder.host else None

    def close(self) -> None:
        """Lets go of all that is held; what processes have left that are gone goes too, and then folders that
        are empty."""
        self._heartbeat.end()
        for name in list(self._held):
            self.release(name)
        with suppress(OSError):
            for path in self._folder.glob(f"*{SUFFIX}"):
                if self._fallen(path):
                    self._removed_fallen(path)
            for guard in self._folder.glob(f"*{GUARD}"):
                self._swept_guard(guard)
            self._folder.rmdir()
            self._folder.parent.rmdir()

    def __enter__(self) -> Claims:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _made(self, path: Path) -> bool:
        """Whether the claim is this process's now: a file with all that it says appears under its name, or
        none."""
        draft = temporary_beside(path)
        told = self._told()
        try:
            draft.write_bytes(told)
        except FileNotFoundError:
            draft.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(told)
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

    def _is_mine(self, path: Path) -> bool:
        found = _read(path)
        return found is not None and found.get("token") == self._token

    def _fallen(self, path: Path) -> bool:
        try:
            untouched = now_at(self._folder) - path.stat().st_mtime
        except FileNotFoundError:
            return True
        found = _read(path)
        holder = None if found is None else Holder.of_json(found)
        return untouched > UNTOUCHED_SECONDS if holder is None else holder.is_gone(untouched)

    def _removed_fallen(self, path: Path) -> bool:
        """One process alone takes away a claim that has fallen, so that nobody takes away the next one."""
        guard = path.with_suffix(GUARD)
        if not self._made_guard(guard) and not (self._swept_guard(guard) and self._made_guard(guard)):
            return False
        try:
            if not self._fallen(path):
                return False
            _remove(path)
            return True
        finally:
            guard.unlink(missing_ok=True)

    def _made_guard(self, guard: Path) -> bool:
        return _made_at_once(guard, self._told())

    def _swept_guard(self, guard: Path) -> bool:
        """Whether a guard was taken away that somebody left who was killed just then."""
        if not self._fallen(guard):
            return False
        guard.unlink(missing_ok=True)
        return True

    def _told(self) -> bytes:
        return json.dumps({**self._mine.to_json(), "token": self._token}).encode()

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


def _remove(path: Path) -> None:
    """A claim, and what workers have noted of it."""
    for notes in path.parent.glob(f"{path.stem}.*tries"):
        notes.unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def _made_at_once(path: Path, told: bytes) -> bool:
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o666)
    except FileExistsError:
        return False
    with os.fdopen(handle, "wb") as file:
        file.write(told)
    return True


def _read(path: Path) -> dict[str, Any] | None:
    try:
        with path.open("rb") as file:
            found = parsed_json(file.read(_LONGEST).decode())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
