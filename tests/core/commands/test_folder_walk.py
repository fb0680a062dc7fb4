"""A folder of everything that people have in folders: each trouble is one line, and the rest is converted."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.commands import output_paths
from core.commands.cli import main
from core.commands.output_paths import for_people, is_case_blind, plan
from core.commands.telling.watch import Watch
from core.files.motions.folder_walk import left_out_words, walk_folder
from tests.core.clip_files import clip_arrays
from tests.core.files.motions.sources.examples import wham


@pytest.fixture(scope="module")
def arrays() -> dict[str, np.ndarray]:
    """Three frames of walking."""
    return clip_arrays("walk", slice(3))


@pytest.fixture
def folder(tmp_path: Path, arrays: dict[str, np.ndarray]) -> Path:
    folder = tmp_path / "clips"
    (folder / "below").mkdir(parents=True)
    np.savez(folder / "below" / "good_poses.npz", **arrays)
    return folder


def converted(folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, list[str], str]:
    """The exit code, what was written, and what was said."""
    out = folder.parent / "out"
    code = main(["convert", str(folder), "-o", str(out), "--preset", "fast", "--threads", "1", *more])
    written = sorted(path.relative_to(out).as_posix() for path in out.rglob("*.npz"))
    return code, written, "".join(capsys.readouterr())


def dangling(folder: Path, _arrays: Any) -> None:
    (folder / "a_poses.npz").symlink_to(folder / "nowhere.npz")


def circle(folder: Path, _arrays: Any) -> None:
    (folder / "a").symlink_to(folder / "a")


def same_stem(folder: Path, arrays: dict[str, np.ndarray]) -> None:
    np.savez(folder / "below" / "good.npz", **arrays)


def damaged(folder: Path, _arrays: Any) -> None:
    (folder / "a.pkl").write_bytes(pickle.dumps({"poses": np.zeros((3, 72))}, 2)[:-20])


def unknown_layout(folder: Path, _arrays: Any) -> None:
    (folder / "a.pkl").write_bytes(pickle.dumps({"fullpose": np.zeros((3, 165)), "betas": [0.0]}, 2))


def refused(folder: Path, _arrays: Any) -> None:
    (folder / "a.pkl").write_bytes(pickle.dumps(os.path.join, 2))


def long_name(folder: Path, arrays: dict[str, np.ndarray]) -> None:
    np.savez(folder / f"{'a' * 251}.npz", **arrays)


TROUBLES = {
    long_name: "_stageii.npz, a name too long for the disk: shorten it",
    dangling: "a_poses.npz: is a link to",
    circle: "clips/a: is a link that leads in a circle",
    same_stem: "below/good_poses.npz: would be written to",
    damaged: "a.pkl: is no motion, and nothing else that is known; it may be damaged",
    unknown_layout: "a.pkl: is a motion in a layout that is not known",
    refused: "a.pkl: asks for ",
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_each_trouble_is_one_line_and_one_in_the_exit_code(
    trouble: Callable[[Path, Any], None],
    folder: Path,
    arrays: dict[str, np.ndarray],
    capsys: pytest.CaptureFixture[str],
) -> None:
    trouble(folder, arrays)
    code, written, said = converted(folder, capsys)
    assert (code, written) == (1, ["below/good_stageii.npz"])
    assert said.count(TROUBLES[trouble]) == 1
    assert "1 of 2 failed:" in said


@pytest.mark.parametrize(
    "words", [["", "-o", "out"], ["clips", "-o", ""], ["clips", "-o", "out", "--models", ""]]
)
def test_an_empty_name_is_not_the_current_folder(
    folder: Path, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder.parent)
    assert main(["convert", *words]) == 2
    assert "the name is empty" in capsys.readouterr().err
    assert [path.name for path in folder.parent.iterdir()] == ["clips"]


def nowhere(out: Path) -> None:
    out.parent.mkdir(parents=True)
    out.symlink_to(out.parent / "none" / "good_stageii.npz")


def is_folder(out: Path) -> None:
    out.mkdir(parents=True)


@pytest.mark.parametrize(
    ("made", "words"), [(nowhere, "and there is no such folder"), (is_folder, "is a folder, expected")]
)
def test_where_no_result_can_be_written_is_told_before_the_fit(
    made: Callable[[Path], None],
    words: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (folder / "good_poses.npz").write_bytes((folder / "below" / "good_poses.npz").read_bytes())
    made(folder.parent / "out" / "below" / "good_stageii.npz")
    fits: list[str] = []
    fitted = Watch.fitted
    monkeypatch.setattr(Watch, "fitted", lambda *more: fits.append(more[2]) or fitted(*more))
    code, _, said = converted(folder, capsys, "--force")
    assert (code, fits) == (1, ["good_poses.npz"])
    assert said.count(words) == 1


@pytest.mark.parametrize(
    ("out", "words"),
    [("loop", "is a link that leads nowhere"), ("n" * 300, "is too long a name for the disk")],
)
def test_a_folder_that_cannot_be_made_is_told_before_the_first_fit(
    folder: Path, out: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder.parent / "loop").symlink_to(folder.parent / "loop")
    assert main(["convert", str(folder), "-o", str(folder.parent / out)]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count(words)) == ("", 1)


def test_a_place_for_results_that_may_not_be_looked_at_is_one_line(
    folder: Path,
    arrays: dict[str, np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    np.savez(folder / "other_poses.npz", **arrays)
    stats = os.stat

    def stat(place: Any, **more: Any) -> Any:
        if str(place).endswith(os.path.join("out", "below", "good_stageii.npz")):
            raise PermissionError(13, "Permission denied", str(place))
        return stats(place, **more)

    # Tests may run as root, to whom everything is open.
    monkeypatch.setattr(os, "stat", stat)
    code, written, said = converted(folder, capsys)
    monkeypatch.undo()
    assert (code, written) == (1, ["other_stageii.npz"])
    assert "good_stageii.npz: cannot be written" in said
    assert "1 of 2 failed:" in said


def test_a_folder_that_may_not_be_looked_into_is_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "closed").mkdir()
    scan = os.scandir

    def scans(place: Any) -> Any:
        if Path(place).name == "closed":
            raise PermissionError(13, "Permission denied", str(place))
        return scan(place)

    # Tests may run as root, to whom everything is open.
    monkeypatch.setattr(os, "scandir", scans)
    code, written, said = converted(folder, capsys)
    assert (code, written) == (1, ["below/good_stageii.npz"])
    assert said.count("closed: may not be looked at: permission denied") == 1


def test_what_is_no_motion_is_told_whatever_its_ending(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "notes.txt").write_text("nothing of note")
    (folder / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (folder / "sheet").write_bytes(b"\x00\x01\x02")
    (folder / "empty.pkl").touch()
    (folder / "words.pkl").write_bytes(pickle.dumps({"a": 1}))
    (folder / ".DS_Store").write_bytes(b"\x00")
    np.save(folder / "mask_ids.npy", np.arange(5))
    (folder / "elsewhere").symlink_to(tmp_path)
    report = tmp_path / "report.json"
    code, written, said = converted(folder, capsys, "--report", str(report))
    assert (code, written) == (0, ["below/good_stageii.npz"])
    assert "7 files are no motions: " in said
    told = {Path(one["file"]).name: one["is"] for one in json.loads(report.read_text())["left_out"]}
    assert told == {
        "notes.txt": "text",
        "a.png": "a picture (PNG)",
        "sheet": "of a kind that is not known",
        "empty.pkl": "an empty file",
        "words.pkl": "a pickle of other things",
        "mask_ids.npy": "a list of vertices",
        "elsewhere": "a link to a folder, which is not followed",
    }


def test_a_motion_is_one_whatever_its_ending(folder: Path) -> None:
    (folder / "take").write_bytes(pickle.dumps(dict(wham(("a",), frames=2))))  # type: ignore[arg-type]
    (folder / "take.bin").write_bytes(pickle.dumps({"a": 1}))
    found = walk_folder(folder, "smplx")
    assert sorted(path.name for path in found.motions) == ["good_poses.npz", "take"]
    assert found.left_out == [(folder / "take.bin", "a pickle of other things")]


def test_the_summary_is_short_however_much_there_is() -> None:
    left_out = [(Path(f"{'long' * 50}{n}.x"), f"a file of kind {n % 50}") for n in range(5000)]
    words = left_out_words(left_out)
    assert words.startswith("5,000 files are no motions: a file of kind 0 (")
    assert len(words) < 1500
    assert left_out_words([(Path("a.txt"), "text")]) == "1 file is no motion: text (a.txt)."
    assert left_out_words([]) == ""


def test_a_folder_with_nothing_to_convert_says_what_is_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "notes.txt").write_text("nothing")
    code, written, said = converted(tmp_path / "clips", capsys)
    assert (code, written) == (2, [])
    assert "There is no motion" in said
    assert "text (notes.txt)" in said


NAMES = ("a/b", "a-b", "Anna", "anna")


def test_people_whose_names_meet_in_a_file_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people = dict(wham(NAMES, frames=2))  # type: ignore[arg-type]
    path = tmp_path / "take.pkl"
    path.write_bytes(pickle.dumps(people))
    for blind, met in ((False, ["a-b"]), (True, ["a-b", "anna"])):
        monkeypatch.setattr(output_paths, "is_case_blind", lambda _path, blind=blind: blind)
        planned = for_people(plan([path], tmp_path / "out"), "all", False, "smplx")
        assert [job.person for job in planned.jobs] == [name for name in NAMES if name not in met]
        assert [job.person for job, _ in planned.refused] == met
        assert planned.refused[0][1] == (
            f"{path}: person 'a-b' would be written to {tmp_path / 'out' / 'take_a-b_stageii.npz'}, "
            "as person 'a/b' of take.pkl is"
        )


def test_names_that_meet_where_large_and_small_letters_are_the_same(
    folder: Path, arrays: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez(folder / "below" / "Good_poses.npz", **arrays)
    out = folder.parent / "out"
    assert len(plan([folder], out).jobs) == 2
    monkeypatch.setattr(output_paths, "is_case_blind", lambda _path: True)
    planned = plan([folder], out)
    assert [job.source.name for job in planned.jobs] == ["Good_poses.npz"]
    assert "as" in planned.refused[0][1]


def test_a_disk_is_asked_whether_letters_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "Clips"
    place.mkdir()
    twin = tmp_path / "cLIPS"
    blind = twin.exists()
    assert is_case_blind(place / "new" / "a.npz") is blind
    if not blind:
        twin.symlink_to(place)
        assert is_case_blind(place / "new" / "a.npz")


def test_folders_of_links_end(folder: Path) -> None:
    (folder / "below" / "up").symlink_to(folder)
    found = walk_folder(folder, "smplx")
    assert [path.name for path in found.motions] == ["good_poses.npz"]
