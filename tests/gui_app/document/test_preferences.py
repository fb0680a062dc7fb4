"""Settings give words, numbers and bytes; nothing in their file runs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray

from gui_app.document.preferences import SETTINGS_VARIABLE, Preferences
from tests.core.files.hostile import hostile_pickle

READ = """
from gui_app.document.preferences import Preferences
found = Preferences()
print(found.folder, found.models, found.recent, found.flag("loop", True), found.number("speed", 2.5))
print(found.choice("theme", ("a", "b"), "b"), found.text("name", "none"), bytes(found.bytes("geometry")))
found.store("after", "stored")
found.sync()
"""
UNSAFE = """
import os
from PySide6.QtCore import QSettings
print(QSettings(os.environ["REFIT_SETTINGS"] + "/refit.ini", QSettings.Format.IniFormat).value("recent"))
"""
KEYS = ("models", "folder", "recent", "loop", "speed", "theme", "name", "geometry")


def variant(pickled: bytes) -> str:
    """A value of an ini file that is PySide's wrapper around a pickle, every byte of it escaped."""
    name = b"PySide::PyObjectWrapper\0"
    data = (127).to_bytes(4, "big") + len(name).to_bytes(4, "big") + name
    data += len(pickled).to_bytes(4, "big") + pickled
    return "@Variant(" + "".join(f"\\x{byte:x}" for byte in data) + ")"


DISGUISES: dict[str, Callable[[str], str]] = {
    "plain": lambda value: value,
    "of a date": lambda value: value.replace("Variant", "DateTime"),
    "in a list": lambda value: f"a, {value}",
    "in quotes": lambda value: f'"{value}"',
    "quotes within": lambda value: value.replace("Variant", 'Va"ria"nt'),
    "a sign by its number": lambda value: value.replace("@V", "\\x40V"),
    "a sign by a large number": lambda value: value.replace("@V", "\\x10040V"),
    "an octal sign": lambda value: value.replace("@V", "\\100V"),
    "a line that goes on": lambda value: value.replace("Vari", "Va\\\nri"),
    "on the second line": lambda value: f'a, "\n", "{value}"',
}


def run(code: str, folder: Path) -> str:
    environment = os.environ | {SETTINGS_VARIABLE: str(folder), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", DISGUISES)
def test_no_pickle_in_the_settings_runs(tmp_path: Path, name: str) -> None:
    marker, file = tmp_path / "created", tmp_path / "refit.ini"
    lines = [f"{key}={DISGUISES[name](variant(hostile_pickle(marker)))}" for key in (*KEYS, "other")]
    file.write_text("\n".join(["[General]", "beside=kept", *lines, ""]))
    said = run(READ, tmp_path)
    assert not marker.exists()
    assert said.splitlines()[0].endswith("None [] True 2.5")
    assert "after=stored" in file.read_text()
    assert "beside=kept" in file.read_text() or "line" in name


def test_qt_alone_would_have_run_it(tmp_path: Path) -> None:
    marker = tmp_path / "created"
    value = variant(hostile_pickle(marker))
    (tmp_path / "refit.ini").write_text(f"[General]\nfolder={value}\nrecent=a\n")
    run(UNSAFE, tmp_path)
    assert marker.exists(), "then nothing has to keep it from that any more"


def test_what_is_stored_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTINGS_VARIABLE, str(tmp_path))
    file = tmp_path / "é.npz"
    file.write_bytes(b"")
    first = Preferences()
    first.folder, first.models = "/a/b", tmp_path
    first.add_recent(file)
    values = {"yes": True, "no": False, "number": 2.25, "word": "@x, y;z", "bytes": QByteArray(b"\0\x01@)")}
    for name, value in values.items():
        first.store(name, value)
    first.sync()
    for found in (first, Preferences()):
        assert (found.folder, found.models, found.recent) == ("/a/b", tmp_path, [file])
        assert (found.flag("yes", False), found.flag("no", True), found.flag("other", True)) == (
            True,
            False,
            True,
        )
        assert (found.number("number", 0), found.number("word", 1.5)) == (2.25, 1.5)
        assert found.text("word", "") == "@x, y;z"
        assert found.bytes("bytes") == QByteArray(b"\0\x01@)")
