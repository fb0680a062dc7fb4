"""Pictures to a film: ffmpeg in a process of its own, fed by a thread. A film is whole or not there."""

from __future__ import annotations

import os
import queue
import subprocess
import tempfile
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO

import numpy as np

from core.errors import FileError
from core.files.containers.atomic import check_place, held, temporary_mark
from gui_app.export.smooth_edges import smoothed

QUEUED_PICTURES = 4
POLL_SECONDS = 0.1
LOSSLESS = ["-c:v", "libx264rgb", "-qp", "0", "-preset", "ultrafast"]
# For flat skins and a ground that stands still: as close to the pictures as the preset veryfast, in files a
# few hundredths larger, a seventh in the light theme, for two thirds of its time.
H264 = [
    "-c:v",
    "libx264",
    "-crf",
    "18",
    "-preset",
    "superfast",
    "-tune",
    "animation",
    "-x264-params",
    "mbtree=1:rc-lookahead=10:ref=1",
    "-pix_fmt",
    "yuv420p",
    "-movflags",
    "+faststart",
]


class Encoder:
    """Writes ``path``, an ``.mp4`` (H.264) or ``.gif`` by its ending, from pictures of one size.

    ``put`` pictures, whose edges are not smooth, until ``finish`` or ``cancel``; then wait for ``over`` and
    look at ``error``.
    """

    def __init__(self, path: Path, size: tuple[int, int], rate: float, *, overwrite: bool = False) -> None:
        check_place(path, overwrite)
        self.path = path
        self.error: FileError | None = None
        self.over = threading.Event()
        self._overwrite = overwrite
        self._size, self._rate = size, rate
        self._cancel, self._last = threading.Event(), threading.Event()
        self._process: subprocess.Popen | None = None
        self._queue: queue.Queue[np.ndarray] = queue.Queue(QUEUED_PICTURES)
        self._thread = threading.Thread(target=self._run, name="encoder", daemon=True)
        self._thread.start()

    @property
    def full(self) -> bool:
        """Pictures wait; a ``put`` would have to."""
        return self._queue.full()

    def put(self, picture: np.ndarray) -> None:
        """One picture, (height, width, 3) bytes; look at ``full`` before."""
        if not self.over.is_set():
            self._queue.put(picture)

    def finish(self) -> None:
        """There are no more pictures."""
        self._last.set()

    def cancel(self) -> None:
        """Stops at once; no file is left."""
        self._cancel.set()
        # The thread may wait for one that takes no pictures any more.
        process = self._process
        if process is not None:
            process.kill()

    def wait(self, seconds: float) -> bool:
        """True once nothing is going on any more."""
        return self.over.wait(seconds)

    def _run(self) -> None:
        mark = temporary_mark()
        temporary = self.path.with_name(mark + self.path.suffix)
        lossless = self.path.with_name(mark + ".mkv")
        colours = self.path.with_name(mark + ".png")
        try:
            with ExitStack() as holds:
                holds.enter_context(held(temporary))
                if self.path.suffix.lower() == ".gif":
                    holds.enter_context(held(lossless))
                    self._feed(lossless, LOSSLESS)
                    source = ["-i", str(lossless)]
                    self._call([*source, "-vf", "palettegen=stats_mode=full", "-update", "1", str(colours)])
                    dither = "paletteuse=dither=bayer:bayer_scale=5:diff_mode=rectangle"
                    self._call([*source, "-i", str(colours), "-lavfi", dither, str(temporary)])
                else:
                    self._feed(temporary, H264)
                if not self._cancel.is_set():
                    check_place(self.path, self._overwrite)
                    os.replace(temporary, self.path)
        except _Cancelled:
            pass
        except FileError as error:
            self.error = error
        except OSError as error:
            self.error = FileError(self.path, f"cannot be written: {error.strerror or error}")
        finally:
            for path in (temporary, lossless, colours):
                with suppress(OSError):
                    path.unlink(missing_ok=True)
            self.over.set()

    def _feed(self, path: Path, codec: list[str]) -> None:
        width, height = self._size
        raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", f"{self._rate:g}"]
        with tempfile.TemporaryFile() as errors:
            self._process = process = _start(
                [*raw, "-i", "-", "-an", *codec, str(path)], subprocess.PIPE, errors
            )
            assert process.stdin is not None
            try:
                while (picture := self._next()) is not None:
                    process.stdin.write(np.ascontiguousarray(smoothed(picture)).data)
                process.stdin.close()
                self._await(process, errors)
            except BrokenPipeError:
                self._await(process, errors)
                raise
            finally:
                _end(process)

    def _next(self) -> np.ndarray | None:
        while True:
            if self._cancel.is_set():
                raise _Cancelled
            last = self._last.is_set()
            with suppress(queue.Empty):
                return self._queue.get(timeout=POLL_SECONDS)
            if last:
                return None

    def _call(self, arguments: list[str]) -> None:
        with tempfile.TemporaryFile() as errors:
            process = _start(arguments, subprocess.DEVNULL, errors)
            try:
                self._await(process, errors)
            finally:
                _end(process)

    def _await(self, process: subprocess.Popen, errors: IO[bytes]) -> None:
        while True:
            if self._cancel.is_set():
                raise _Cancelled
            with suppress(subprocess.TimeoutExpired):
                if process.wait(POLL_SECONDS) == 0:
                    return
                errors.seek(0)
                ended = "no reason given" if process.returncode > 0 else "something else ended the encoder"
                lines = errors.read().decode("utf-8", "replace").strip().splitlines() or [ended]
                reason = (
                    "there is no space left on the disk" if "No space left" in "".join(lines) else lines[-1]
                )
                raise FileError(self.path, f"cannot be written: {reason}")


class _Cancelled(Exception):
    pass


def _start(arguments: list[str], stdin: int, errors: IO[bytes]) -> subprocess.Popen:
    import imageio_ffmpeg

    quiet = ["-hide_banner", "-loglevel", "error", "-y"]
    return subprocess.Popen(
        [imageio_ffmpeg.get_ffmpeg_exe(), *quiet, *arguments],
        stdin=stdin,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def _end(process: subprocess.Popen) -> None:
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()
    if process.poll() is None:
        process.kill()
    process.wait()
