"""The command ``refit``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gui_app import __main__ as command
from gui_app.tasks.display import has_display

NO_QT = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in ('PySide6', 'pyvistaqt', 'vtkmodules', 'pyvista'):
            raise ImportError(name)
sys.meta_path.insert(0, Block())
from gui_app.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def run_without_qt(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", NO_QT, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=120,
        check=False,
    )


def test_info_works_without_qt(walk: Path) -> None:
    done = run_without_qt("info", str(walk))
    assert done.returncode == 0, done.stderr
    assert "Frames" in done.stdout


def test_a_window_without_qt_is_one_sentence() -> None:
    done = run_without_qt(DISPLAY="far.example:0")
    assert done.returncode == 1
    assert "PySide6" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_display_and_without_pyvista_is_one_sentence() -> None:
    done = run_without_qt(DISPLAY="", WAYLAND_DISPLAY="")
    assert done.returncode == 1
    assert "pyvista" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_bad_number_of_threads_in_the_environment_is_bad_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REFIT_THREADS", "x")
    assert command.main([]) == 2
    assert "REFIT_THREADS" in capsys.readouterr().err


def test_headless_refuses_to_replace_files(
    walk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from gui_app.app import headless

    (tmp_path / "walk_stageii.npz").write_bytes(b"mine")
    assert headless.main([str(walk), "-o", str(tmp_path)]) == 1
    assert "--force" in capsys.readouterr().err
    assert (tmp_path / "walk_stageii.npz").read_bytes() == b"mine"


def test_without_a_display_it_says_so_and_names_the_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(
        "gui_app.app.headless.render_job", lambda *arguments, **_: asked.append(arguments) or 0
    )
    assert command.main([]) == 0
    assert asked[0][1] == Path("refit-headless")
    assert "no display" in capsys.readouterr().out


def test_a_display_that_does_not_answer_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    for display, there in (("", False), (":64999", False), ("far.example:0", True)):
        monkeypatch.setenv("DISPLAY", display)
        assert has_display() is there


def test_bad_usage_is_two() -> None:
    with pytest.raises(SystemExit) as stop:
        command.main(["--no-such-option"])
    assert stop.value.code == 2


def test_the_scene_knows_neither_qt_nor_torch() -> None:
    words = "import sys, gui_app.scene.scene; print([m for m in ('PySide6', 'torch') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", words], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.strip() == "[]"


CLOSED = """
import sys, tempfile
from PySide6.QtCore import QTimer
from gui_app import __main__ as command
from gui_app.app import application
from gui_app.app.main_window import MainWindow

class Held:
    def __del__(self):
        print("taken apart")

class Closed(MainWindow):
    def _open_first(self):
        pass

    def showEvent(self, event):
        super().showEvent(event)
        QTimer.singleShot(0, self, self.close)

    def closeEvent(self, event):
        super().closeEvent(event)
        print("torch" in sys.modules)

held, folder = Held(), tempfile.TemporaryDirectory()
application.MainWindow, sys.argv = Closed, ["refit"]
print(folder.name)
sys.exit(command.main())
"""


def test_a_window_is_made_and_closed_without_torch_and_its_process_ends_at_once(own_settings: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CLOSED], capture_output=True, text=True, timeout=120, check=True
    )
    folder, *torch = done.stdout.splitlines()
    assert torch == ["False"]
    assert not Path(folder).exists()
    assert done.stderr == ""


def test_a_frame_to_open_at_reaches_the_window(
    walk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []
    monkeypatch.setattr("gui_app.app.application.run", lambda options: asked.append(options) or 0)
    monkeypatch.setattr(command, "has_display", lambda: True)
    assert command.main([str(walk), "--frame", "17"]) == 0
    assert [(options.file, options.frame) for options in asked] == [(walk, 17)]
    with pytest.raises(SystemExit, match="2"):
        command.main([str(walk), "--frame", "-3"])
    assert "'-3' is no frame" in capsys.readouterr().err
