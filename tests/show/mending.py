"""Walks through the whole loop on a clip with planted faults: ``python -m tests.show.mending [FILM]``.

Found, explained, fitted again, compared, accepted, saved, killed in the middle of a fit, started anew,
restored, exported; every step asserts what it shows, and the figures are printed as a table. There are two
processes with a window, one after the other, and this one, which kills the first and looks at what is left.
Recorded as `flows` is.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QProcess, Qt
from PySide6.QtWidgets import QApplication, QLabel

from core.files.motions.load_motion import load_motion
from core.outputs.results import load_result
from tests.show import drive
from tests.show.faults import FAILED, faulty_file
from tests.show.mending_walk import DYING, FIGURES, LEFT, READY, RESULT, WAITED
from tests.show.recording import Span, recorded
from tests.show.walking import HEIGHT, WIDTH

START_SECONDS, PACE = 0.7, 1.2


@dataclass
class Act:
    """A process with a window, and what it has said."""

    process: QProcess
    said: str = ""

    def until(self, word: str) -> None:
        """Waits until it has said a word.

        Raises:
            SystemExit: it has ended before.
        """

        def there() -> bool:
            self.said += bytes(self.process.readAllStandardOutput().data()).decode()
            over = self.process.state() == QProcess.ProcessState.NotRunning
            if over and word not in self.said.split():
                raise SystemExit(f"It ended before it was {word}:\n{self.said}")
            return word in self.said.split()

        drive.wait(there)

    def end(self) -> int:
        """Waits until it has ended; its exit code."""
        drive.wait(lambda: self.process.state() == QProcess.ProcessState.NotRunning)
        self.said += bytes(self.process.readAllStandardOutput().data()).decode()
        return self.process.exitCode()


def begun(name: str, folder: Path) -> Act:
    """Starts one of the two."""
    process = QProcess()
    process.setProcessChannelMode(QProcess.ProcessChannelMode.ForwardedErrorChannel)
    process.start(sys.executable, ["-m", "tests.show.mending_walk", name, str(folder)])
    return Act(process)


def behind() -> QLabel:
    """What is seen while no window is there."""
    label = QLabel()
    label.setWindowFlags(Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowDoesNotAcceptFocus)
    label.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setGeometry(0, 0, WIDTH, HEIGHT)
    label.setStyleSheet("QLabel { background: #0f1114; color: #e6e8ec; font-size: 22px; font-weight: 600; }")
    label.show()
    return label


def waited(said: str) -> list[Span]:
    """The waits that a process tells of."""
    words = [line.split() for line in said.splitlines() if line.startswith(WAITED)]
    return [(float(start), float(end)) for _, start, end in words]


def check(folder: Path) -> dict[str, Any]:
    """What is on the disk in the end is whole, and nothing else is there; the figures of the walk."""
    result, motion = load_result(folder / RESULT), load_motion(folder / RESULT)
    with np.load(folder / f"{LEFT}.npz") as left:
        assert np.array_equal(result.poses, left["poses"])
    with np.load(folder / RESULT) as archive:
        missing = {"poses", "trans", "betas", "gender", "mocap_frame_rate", "surface_model_type"} - set(
            archive
        )
        assert not missing, missing
        assert archive["poses"].shape == (len(result), 165)
        assert archive["refit_mean_mm"].shape == (len(result),)
    assert motion.frame_rate == result.frame_rate
    kept = Path(os.environ["REFIT_SETTINGS"]) / "kept"
    stray = [*folder.glob(".*"), *kept.iterdir()]
    assert not stray, stray
    figures: dict[str, Any] = json.loads((folder / FIGURES).read_text())
    return figures


def table(figures: dict[str, Any]) -> str:
    """The figures, in Markdown."""
    lines = [
        "| fault | frames | told as | mm at first | with the fault | mended | seam, mm/frame² | seconds |",
        "|---|---:|---|---:|---:|---:|---:|---:|",
    ]
    for told in figures["faults"]:
        cells = [told["name"], str(told["frames"]), told["kind"], f"{told['first']:.1f}"]
        if told["kind"] == FAILED:
            seconds = figures["seconds"][told["name"]]
            cells += [
                f"{told['before']:.1f}",
                f"{told['after']:.1f}",
                f"{told['seam']:.1f}",
                f"{seconds:.1f}",
            ]
        else:
            cells += ["–", "accepted", "–", "–"]
        lines.append(f"| {' | '.join(cells)} |")
    frames = sum(told["frames"] for told in figures["faults"])
    lines += [
        "",
        f"Frames found: {frames} of {frames} planted, {len(figures['false'])} more "
        f"({', '.join(map(str, figures['false'])) or 'none'}); judged in {figures['judged']:.1f} s; "
        f"restored after the kill in {figures['restored']:.1f} s.",
    ]
    return "\n".join(lines)


def main(argv: list[str]) -> int:
    """Both processes, one after the other, and what they leave."""
    drive.own_settings()
    QApplication(["mending"])
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        faulty_file(folder)
        label = behind()
        first = begun("mend", folder)
        first.until(READY)
        with recorded(Path(argv[0]) if argv else None, WIDTH, HEIGHT, PACE) as waits:
            first.process.write(b"go\n")
            first.until(DYING)
            label.setText("kill -9, in the middle of a fit")
            first.process.kill()
            first.end()
            assert first.process.exitStatus() == QProcess.ExitStatus.CrashExit
            drive.rest(1.0)
            label.setText("… and started again")
            asked = time.monotonic()
            second = begun("reopen", folder)
            second.until(READY)
            waits.append((asked + START_SECONDS, time.monotonic() - START_SECONDS))
            code = second.end()
            waits += waited(first.said + second.said)
        print(first.said, second.said, sep="")
        if code:
            return 1
        print(table(check(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
