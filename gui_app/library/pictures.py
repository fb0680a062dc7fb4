"""Small pictures of the clips that can be seen: from the disk, or drawn behind the window and kept there."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QSize, Qt, Signal, Slot
from PySide6.QtGui import QImage, QPixmap

from core.environment import kept_folder
from core.files.kept.array_store import trim
from core.files.kept.kept_files import PICTURES
from gui_app.library.hang_watch import HangWatch
from gui_app.library.library import Library
from gui_app.library.picture_process import MARK, SIZE
from gui_app.tasks.coalesce import Coalescer, Later
from gui_app.tasks.job_thread import JobThread

if TYPE_CHECKING:
    from core.catalogue.catalogue import Clip

SHOWN = QSize(45, 50)
VERSION = 1
"""Grows when the same fit would give another picture."""
MOST_BYTES = 1 << 26
"""Of all pictures on the disk: about 15,000."""
MOST_KEPT = 512
"""Pictures at hand."""
MOST_WAITING = 64
TOGETHER_SECONDS = 0.15
"""What is asked for within is of one look at the list."""
SOON_MS = 60
IDLE_MS = 20_000
"""The process that draws goes when there is nothing to draw for so long."""
MOST_LOST = 3
"""Processes that end or hang over a picture, one after the other without any that is drawn: then none is
started any more."""

SPARING = {"MALLOC_ARENA_MAX": "2", "LP_NUM_THREADS": "0"}
"""Of the process that draws: less memory set aside by threads, and none of its own where Mesa draws on the
processor."""
PROGRAM = ["-m", "gui_app.library.picture_process"]
"""What Python is started with."""

Key = tuple[str, int, float | None, float | None]


@dataclass(frozen=True)
class Wanted:
    """A picture.

    Attributes:
        key: of its clip.
        file: that opens.
        frame: that is shown.
        models: the bodies in use.
        size: pixels on the screen.
    """

    key: Key
    file: Path
    frame: int
    models: str
    size: QSize


def place_of(wanted: Wanted) -> Path:
    """Where a picture of this file, as it is now, lies on the disk.

    Raises:
        OSError: there is no such file.
    """
    there = wanted.file.stat()
    said = f"{VERSION}\0{os.path.abspath(wanted.file)}\0{there.st_size}\0{there.st_mtime_ns}\0"
    said += f"{wanted.frame}\0{wanted.models}\0{SIZE}"
    name = hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return kept_folder() / PICTURES / f"{name}.jpg"


def look_up(wanted: Wanted) -> tuple[Path | None, QImage]:
    """Where the picture lies or is to lie, None where there can be none; and the picture if it is there."""
    try:
        path = place_of(wanted)
    except OSError:
        return None, QImage()
    image = QImage(str(path))
    if image.isNull():
        return path, image
    os.utime(path)  # used now
    fit, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    return path, image.scaled(wanted.size, fit, smooth)


class ClipPictures(QObject):
    """Nothing of it waits for a disk, or draws, in the GUI thread or in this process.

    Attributes:
        why_not: why nothing can be drawn, in a sentence; ''.

    ``changed`` tells of pictures that have come, and of ``why_not``.
    """

    changed = Signal()

    def __init__(self, library: Library, parent: QObject) -> None:
        super().__init__(parent)
        self._library = library
        self._kept: OrderedDict[Key, QPixmap | None] = OrderedDict()
        self._waiting: OrderedDict[Key, tuple[Wanted, float]] = OrderedDict()
        self._under_way: Wanted | None = None
        self._folder: Path | None = None
        self._process: QProcess | None = None
        self._drawn = self._lost = 0
        self._watch = HangWatch(self)
        self._watch.hangs.connect(self._on_hang)
        self.why_not = "" if sys.executable else "Python does not say where its program is."
        self._thread = JobThread("clip pictures", self, self._on_failed)
        self._thread.closing.connect(self.stop)
        self._tell = Coalescer(self.changed.emit, self)
        self._soon = Later(self._next, self, SOON_MS)
        self._idle = Later(self._end_process, self, IDLE_MS)
        library.folder_changed.connect(self._on_folder)

    def of(self, clip: Clip, ratio: float) -> QPixmap | None:
        """The picture of a clip; None while it is not there, when it is asked for, and where there is none.

        Args:
            clip: that can be seen.
            ratio: pixels of the screen for each of the window.
        """
        key = (clip.opens, clip.worst or 0, clip.mean, clip.max)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        if self.why_not or clip.mean is None or self._thread.closed:
            return None
        if self._under_way is None or self._under_way.key != key:
            file, _ = self._library.file_of(clip)
            if file is not None:
                models = str(self._library.files.models)
                wanted = Wanted(key, file, clip.worst or 0, models, SHOWN * ratio)
                self._waiting[key] = (wanted, time.monotonic())
                self._waiting.move_to_end(key)
                while len(self._waiting) > MOST_WAITING:
                    self._waiting.popitem(last=False)
            if not self._soon.isActive():
                self._soon.ask()
        return None

    @Slot()
    def _on_folder(self) -> None:
        folder = self._library.folder
        opened = None if folder is None else folder.opened
        same, self._folder = opened == self._folder, opened
        if not same or not self._library.listed.clips:
            # What could not be drawn is tried once more when somebody looks again.
            there = [(key, one) for key, one in self._kept.items() if same and one is not None]
            self._kept = OrderedDict(there)
            self._waiting.clear()

    @Slot()
    def _next(self) -> None:
        """Of what was asked for last the uppermost: what has scrolled away waits."""
        if self._under_way is not None or not self._waiting or self.why_not:
            return
        newest = max(at for _, at in self._waiting.values())
        wanted = next(one for one, at in self._waiting.values() if newest - at <= TOGETHER_SECONDS)
        del self._waiting[wanted.key]
        self._under_way = wanted
        self._thread.job(self._on_looked_up).start(look_up, wanted)

    def _on_looked_up(self, found: tuple[Path | None, QImage]) -> None:
        path, image = found
        wanted = self._under_way
        if wanted is None:
            return
        if path is None or not image.isNull():
            self._take(image)
            return
        self._idle.stop()
        if self._process is None:
            self._start()
        told = {
            "file": str(wanted.file), "frame": wanted.frame, "models": wanted.models, "picture": str(path)
        }  # fmt: skip
        # One that could not even begin has told so by now.
        if self._process is not None:
            self._process.write(f"{json.dumps(told)}\n".encode())
            self._watch.begin(self._process.processId())

    def _start(self) -> None:
        process = self._process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
        environment.insert("PYTHONIOENCODING", "utf-8")
        for name, value in SPARING.items():
            if not environment.contains(name):
                environment.insert(name, value)
        process.setProcessEnvironment(environment)
        process.setStandardErrorFile(QProcess.nullDevice())
        process.readyReadStandardOutput.connect(self._on_answer)
        process.finished.connect(self._on_over)
        process.errorOccurred.connect(self._on_over)
        process.start(sys.executable, PROGRAM)

    @Slot()
    def _on_answer(self) -> None:
        while self._process is not None and self._process.canReadLine():
            line = bytes(self._process.readLine().data()).decode("utf-8", "replace")
            if not line.startswith(MARK):
                continue
            told = json.loads(line.removeprefix(MARK))
            self._watch.end()
            if why := told.get("why"):
                self._give_up(why)
            elif told["done"] and self._under_way is not None:
                self._drawn += 1
                self._lost = 0
                self._thread.job(self._on_drawn).start(look_up, self._under_way)
                if self._drawn % MOST_KEPT == 1:
                    self._thread.job(self._on_trimmed).start(
                        trim, kept_folder() / PICTURES, MOST_BYTES, "*.jpg"
                    )
            else:
                self._take(QImage())

    def _on_drawn(self, found: tuple[Path | None, QImage]) -> None:
        self._take(found[1])

    def _on_trimmed(self, _: None) -> None:
        """What was not used for longest is gone."""

    def _take(self, image: QImage) -> None:
        wanted, self._under_way = self._under_way, None
        if wanted is not None:
            self._kept[wanted.key] = None if image.isNull() else QPixmap.fromImage(image)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
            self._tell.ask()
        if self._process is not None:
            self._idle.ask()
        # Those that are still to be seen are asked for once more by then.
        self._soon.ask()

    def _on_failed(self, _sentence: str) -> None:
        self._take(QImage())

    @Slot()
    def _on_over(self, *_: object) -> None:
        """It ended by itself, over a picture or at once."""
        if self._process is None or self.sender() is not self._process:
            return
        self._process.deleteLater()
        self._process = None
        self._watch.end()
        if not self._drawn and not self.why_not:
            self._give_up("what draws them does not start")
        elif self._under_way is not None:
            self._is_lost("ends")

    @Slot()
    def _on_hang(self) -> None:
        self._end_process()
        self._is_lost("hangs")

    def _is_lost(self, what: str) -> None:
        """Nothing comes of the picture, and the next one has a process of its own, unless it goes on so."""
        self._lost += 1
        if self._lost >= MOST_LOST:
            self._give_up(f"what draws them {what} again and again")
        else:
            self._take(QImage())

    def _give_up(self, why: str) -> None:
        self.why_not = why
        self._waiting.clear()
        self._under_way = None
        self._tell.ask()

    @Slot()
    def _end_process(self) -> None:
        process, self._process = self._process, None
        self._watch.end()
        if process is not None:
            process.closeWriteChannel()
            process.kill()
            process.waitForFinished(1000)
            process.deleteLater()

    @Slot()
    def stop(self) -> None:
        """Nothing is drawn any more; what there is stays."""
        self._soon.stop()
        self._idle.stop()
        self._waiting.clear()
        self._under_way = None
        self._end_process()
