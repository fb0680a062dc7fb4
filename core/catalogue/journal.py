"""The journal of a run: a line of json for each thing that happens, in a file that no other run writes.

A line is handed to the system whole, and what stands before it stays whatever comes after: a run that is
killed leaves at most one torn line, its last. Whoever reads goes on where he ended.
"""

from __future__ import annotations

import json
import os
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from core import __version__
from core.batch.heartbeat import Heartbeat
from core.catalogue.entry import Entry, number, whole
from core.errors import FileError
from core.files.beside_results import RUNS_FOLDER, run_file
from core.files.containers.atomic import reason
from core.files.containers.documents import parsed_json
from core.files.containers.opening import open_to_read
from core.session.fit_origin import folderless
from core.shown_text import shown

FORMAT = 1
SUFFIX = ".jsonl"
AT_ONCE = 1000
"""Clips that wait, in a line."""
LEFT_OUT = " (left out)"
"""Ends the place of an input that has none of its own; no file of a result has such a name."""
_LONGEST_LINE = 1 << 24
_NO_NAME = re.compile(r"[/\\\0]")

State = Literal["waiting", "running", "done", "failed"]
STATES: tuple[State, ...] = get_args(State)


@dataclass(frozen=True)
class Stat:
    """How a file was when somebody looked: bytes, and nanoseconds of its last change."""

    size: int
    mtime_ns: int

    @classmethod
    def of(cls, path: Path) -> Stat | None:
        """That of a file; None where there is none."""
        try:
            there = path.stat()
        except (OSError, ValueError):
            return None
        return cls(there.st_size, there.st_mtime_ns)


@dataclass(frozen=True)
class Event:
    """What happened to a clip.

    Attributes:
        at: when, seconds since 1970, by the clock of the machine that said so.
        state: what it is since then.
        output: the result's place below the folder, as `Entry.output`.
        entry: what is known of it, or None.
        why: it failed, in a sentence.
        took: seconds of reading, fitting and writing.
        stat: of the result then; None where there was none.
    """

    at: float
    state: State
    output: str
    entry: Entry | None = None
    why: str = ""
    took: float | None = None
    stat: Stat | None = None


@dataclass(frozen=True)
class Began:
    """The first line of a journal: whose it is, and of which format."""

    at: float
    host: str
    pid: int
    format: int = FORMAT


@dataclass(frozen=True)
class Ended:
    """The last line of a run that ended in order."""

    at: float


@dataclass(frozen=True)
class Unread:
    """A line that makes no sense."""


Line = Event | Began | Ended | Unread


class Journal:
    """Of the run that goes on; nothing that goes wrong with it ends the run.

    Any thread may write. While it is open a `Heartbeat` touches the file, so that others see that the run
    goes on; a process that is killed needs to close nothing.

    Args:
        folder: of the results.
        private: neither folders nor this machine are named.
        folders: that sentences may name, beside those of results and motions.

    Attributes:
        path: of the file; there is none before the first line.
        failure: a sentence where a line could not be written, or None.
    """

    def __init__(self, folder: Path, *, private: bool = False, folders: Iterable[Path] = ()) -> None:
        self.folder, self.private, self._folders = folder, private, tuple(folders)
        self.host = "" if private else socket.gethostname()
        self.path = run_file(folder, SUFFIX)
        self.failure: str | None = None
        self._handle: int | None = None
        self._torn = False
        self._left_out = Counter[Path]()
        self._lock = threading.Lock()
        self._heartbeat = Heartbeat("refit-journal", lambda: (self.path,))

    def waiting(self, clips: Iterable[tuple[Path, Path]]) -> None:
        """Clips are to be fitted: their results, and their sources."""
        listed = [[self.place(output), self._source(source)] for output, source in clips]
        for start in range(0, len(listed), AT_ONCE):
            self._write({"event": "waiting", "clips": listed[start : start + AT_ONCE]})

    def running(self, output: Path, source: Path) -> None:
        """A clip is being read or fitted."""
        self._write(self._told("running", output) | {"source": self._source(source)})

    def done(self, output: Path, entry: Entry | None, took: float | None) -> None:
        """Its result is in its file; ``took`` where it was made now."""
        told = {} if took is None else {"took": round(took, 3)}
        self._write(self._told("done", output) | self._of(entry) | told)

    def failed(
        self, output: Path, entry: Entry | None, why: str, took: float, *, source: Path | None = None
    ) -> None:
        """There is no result, or one that has failed; why, in a sentence."""
        told = {"why": self._sentence(why, source), "took": round(took, 3)}
        named = {} if source is None else {"source": self._source(source)}
        self._write(self._told("failed", output) | named | self._of(entry) | told)

    def left_out(self, output: Path, entry: Entry, why: str) -> None:
        """An input has no result, and no place of its own for one: ``output`` is another's.

        It is told under its own name.
        """
        source = Path(entry.source)
        name = _NO_NAME.sub("-", f"{source.name} {entry.person}".strip())
        place = output.with_name(f"{name}{LEFT_OUT}")
        self._left_out[place] += 1
        if (number := self._left_out[place]) > 1:
            place = place.with_name(f"{name} {number}{LEFT_OUT}")
        self.failed(place, entry, why, 0.0, source=source)

    def close(self) -> None:
        """The run is over."""
        if self._handle is not None:
            self._write({"event": "ended"})
            self._heartbeat.end()
            with self._lock:
                with suppress(OSError):
                    os.close(self._handle)
                self._handle = None

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def place(self, output: Path) -> str:
        """Of a result below the folder."""
        return Path(os.path.relpath(output, self.folder)).as_posix()

    def _source(self, source: Path) -> str:
        return source.name if self.private else os.path.abspath(source)

    def _sentence(self, words: str, source: Path | None = None) -> str:
        """What may be told of it."""
        if self.private:
            folders = [self.folder, *self._folders, *(() if source is None else (source.parent,))]
            words = folderless(*folders)(words)
        return shown(words)

    def _told(self, event: State, output: Path) -> dict[str, Any]:
        stat = Stat.of(output)
        told = {"event": event, "output": self.place(output)}
        return told if stat is None else told | {"stat": [stat.size, stat.mtime_ns]}

    def _of(self, entry: Entry | None) -> dict[str, Any]:
        if entry is None:
            return {}
        stored = {key: value for key, value in entry.to_json().items() if key != "output"}
        if "source" in stored:
            stored["source"] = self._source(Path(stored["source"]))
        if "notes" in stored:
            source = Path(entry.source) if entry.source else None
            stored["notes"] = [self._sentence(note, source) for note in stored["notes"]]
        return {"entry": stored}

    def _write(self, values: dict[str, Any]) -> None:
        with self._lock:
            if self._heartbeat.over:
                return
            try:
                self._open()
                self._append({"at": round(time.time(), 3), **values})
            except OSError as error:
                self.failure = f"{self.path}: what becomes of the clips is not noted: {reason(error)}."

    def _open(self) -> None:
        if self._handle is not None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
        self._handle = os.open(self.path, flags | getattr(os, "O_BINARY", 0), 0o666)
        began = {"event": "began", "format": FORMAT, "made_by": f"Refit {__version__}"}
        whose = {"host": self.host, "pid": os.getpid()} if self.host else {}
        self._append({"at": round(time.time(), 3), **began, **whose})
        self._heartbeat.begin()

    def _append(self, values: dict[str, Any]) -> None:
        assert self._handle is not None
        # What is left of a line that did not fit on the disk is a line of its own.
        line = (b"\n" if self._torn else b"") + json.dumps(values, allow_nan=False).encode() + b"\n"
        self._torn = True
        while line:
            line = line[os.write(self._handle, line) :]
        self._torn = False


def journals(folder: Path) -> list[Path]:
    """What is named as the journals of all runs into a folder, in the order in which they began.

    Raises:
        FileError: the folder of journals may not be looked into, or is none.
    """
    runs = folder / RUNS_FOLDER
    try:
        with os.scandir(runs) as found:
            return sorted(Path(one.path) for one in found if one.name.endswith(SUFFIX))
    except FileNotFoundError:
        if os.path.islink(runs):
            raise FileError(runs, "is a link that leads nowhere, expected a folder") from None
        return []
    except OSError as error:
        raise FileError(runs, f"cannot be looked into: {error.strerror}") from None


def read_on(path: Path, offset: int = 0) -> Iterator[tuple[int, list[Line]]]:
    """The lines of a journal from a place on: what each holds, and where the next one begins.

    A last line without an end is left for later. What makes no sense is `Unread`.

    Raises:
        FileError: it cannot be read.
    """
    with open_to_read(path) as file:
        file.seek(offset)
        while True:
            line = file.readline(_LONGEST_LINE)
            if not line.endswith(b"\n"):
                if len(line) < _LONGEST_LINE:
                    return
                offset += len(line)
                continue
            offset += len(line)
            yield offset, list(_lines(line))


def _lines(line: bytes) -> Iterator[Line]:
    if b"\0" not in line:
        yield from _told(line)
        return
    # A disk that lost its power has zeros in place of what it never wrote; before and after, lines are whole.
    yield Unread()
    for part in (line.partition(b"\0")[0], line.rpartition(b"\0")[2]):
        yield from (one for one in _told(part) if not isinstance(one, Unread))


def _told(line: bytes) -> Iterator[Line]:
    try:
        told = parsed_json(line.decode())
    except ValueError:
        told = None
    at = number(told.get("at")) if isinstance(told, dict) else None
    if at is None:
        if line.strip():
            yield Unread()
        return
    match told.get("event"):
        case "began":
            host, pid, version = told.get("host"), whole(told.get("pid")), whole(told.get("format"))
            yield Began(at, host if isinstance(host, str) else "", pid or 0, version or FORMAT)
        case "ended":
            yield Ended(at)
        case "waiting":
            clips = told.get("clips")
            for one in clips if isinstance(clips, list) else ():
                match one:
                    case [str() as output, str() as source] if is_place(output):
                        yield Event(at, "waiting", output, Entry(output, source))
                    case _:
                        yield Unread()
        case "running" | "done" | "failed":
            yield _event(at, told) or Unread()
        case _:
            yield Unread()


def _event(at: float, told: Mapping[str, Any]) -> Event | None:
    output, source, stored, why = (told.get(key) for key in ("output", "source", "entry", "why"))
    if not isinstance(output, str) or not is_place(output):
        return None
    entry = Entry(output, source) if isinstance(source, str) else None
    if isinstance(stored, dict):
        entry = Entry.of_json({**stored, "output": output})
    stat: Stat | None = None
    match told.get("stat"):
        case [int() as size, int() as mtime] if whole(size) is not None and whole(mtime) is not None:
            stat = Stat(size, mtime)
    said = shown(why) if isinstance(why, str) else ""
    return Event(at, told["event"], output, entry, said, number(told.get("took")), stat)


def is_place(output: str) -> bool:
    """Whether this is the place of a file below a folder, and below it alone."""
    names = output.split("/")
    bad = "\\" in output if os.sep == "\\" else False
    return not bad and "\0" not in output and all(name not in ("", ".", "..") for name in names)
