"""Folders are taken out of sentences that others may read."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.session.fit_origin import folderless


def test_folders_are_taken_out_as_they_were_given_and_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bare = folderless(Path("data/walk"), Path("walk"), Path(), Path("/"), None)
    assert bare("data/walk/a.npz: no") == "a.npz: no"
    assert bare("walk/b.npz, and a walk") == "b.npz, and a walk"
    assert bare(f"{tmp_path}/walk: no folder") == "its folder: no folder"
    assert bare(f"{tmp_path}/data/walk/a.npz and {tmp_path}/c") == "a.npz and c"
    assert bare(f"{Path.home()}/private/d") == "private/d"
    assert bare("/other/data/walk/a.npz") == "/other/data/walk/a.npz"
