"""``refit report``: clips as a table, as json and as CSV, and a page with pictures."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from core.catalogue.facts import of_result
from core.catalogue.journal import Journal
from core.commands.cli import main
from core.errors import RefitError
from core.exporting.export import Draw
from core.exporting.request import Request
from core.exporting.subject import Subject
from core.files.containers.numbered import Progress
from tests.core.catalogue.results import put, walk, worse
from tests.core.catalogue.test_page import data_of
from tests.core.conftest import said


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Three clips, one of them without a result."""
    folder = tmp_path / "out"
    put(folder, "s/good_stageii.npz")
    put(folder, "s/bad_stageii.npz", worse(walk(), 7, 60.0))
    with Journal(folder) as journal:
        journal.failed(folder / "s" / "broken_stageii.npz", None, "broken.npz: is damaged", 0.1)
    return folder


def test_the_worst_come_first(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(out), "--pictures", "0"]) == 0
    told = said(capsys)
    assert "3 clips: 2 done, 1 failed" in told
    assert told.index("s/bad_stageii.npz") < told.index("s/good_stageii.npz") < told.index("is damaged")
    assert "up axis z 2 (default)" in told
    assert "off 1, over 1" in told
    assert main(["report", str(out), "--pictures", "0", "--filter", "kind=over", "--limit", "1"]) == 0
    told = said(capsys)
    assert "1 clip: 1 done" in told
    assert "good" not in told
    assert data_of((out / "report.html").read_text())["rows"]["output"] == ["s/bad_stageii.npz"]


def test_json_and_csv_say_all(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(out), "--json", "--sort", "name"]) == 0
    document = json.loads(capsys.readouterr().out)
    bad, broken, good = document["clips"]
    assert (bad["worst"], bad["problem_kinds"], bad["problem_frames"]) == (7, ["off", "over"], 1)
    assert (broken["state"], broken["why"]) == ("failed", "broken.npz: is damaged")
    assert good["parts"]["feet"] == pytest.approx(walk().part_means()[-1], abs=1e-3)
    assert document["states"] == {"waiting": 0, "running": 0, "done": 2, "failed": 1}
    assert not (out / "report.html").exists()
    assert main(["report", str(out), "--csv", "--sort", "name"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["state"] for row in rows] == ["done", "failed", "done"]
    assert float(rows[2]["mean"]) == pytest.approx(good["mean"])
    assert "up axis z (default)" in rows[2]["assumed"]


def test_a_spreadsheet_takes_no_formula(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(tmp_path, "=1+1_stageii.npz")
    assert main(["report", str(tmp_path), "--csv"]) == 0
    assert "\n'=1+1_stageii.npz" in capsys.readouterr().out


def test_what_lacks_measures_gets_them(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(out), "--json", "--measure", "--filter", "good"]) == 0
    (clip,) = json.loads(capsys.readouterr().out)["clips"]
    assert clip["measured"]
    assert clip["jitter"] > 0
    assert main(["report", str(out), "--json", "--rebuild", "--filter", "jitter>0"]) == 0
    assert len(json.loads(capsys.readouterr().out)["clips"]) == 1


def test_an_unreadable_catalogue_is_told(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (out / "refit.db").write_text("nothing of the kind" * 100)
    assert main(["report", str(out)]) == 1
    assert "--rebuild" in said(capsys)
    assert main(["report", str(out), "--rebuild", "--pictures", "0"]) == 0
    assert "3 clips" in said(capsys)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--filter", "size>3"], "no 'size'"),
        (["--filter", "mean>much"], "is a number"),
        (["--sort", "kind"], "cannot be sorted"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(
    out: Path, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(out), *words]) == 1
    assert told in said(capsys)


def test_pictures_are_drawn_once_and_left_out_where_nothing_draws(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn: list[tuple[str, tuple[int, ...] | None]] = []

    def draw(subject: Subject, request: Request, progress: Progress | None) -> tuple[str, ...]:
        drawn.append((str(subject.path), request.frames))
        if "good" in str(subject.path):
            raise RefitError("The good one cannot be drawn.")
        request.path.write_bytes(b"jpeg")
        return ()

    def drawing() -> Draw:
        return draw

    assert main(["report", str(out)]) == 0
    assert "There are no pictures" in said(capsys)
    for again in (2, 3):
        assert main(["report", str(out)], drawing) == 0
        assert "The good one cannot be drawn." in said(capsys)
        assert len(drawn) == again
    assert drawn[0] == (str(out / "s" / "bad_stageii.npz"), (7,))
    data = data_of((out / "report.html").read_text())
    assert data["pictures"] == {"0": "data:image/jpeg;base64,anBlZw=="}
    assert "cannot be drawn" in data["told"][0]


def test_private_journals_make_a_private_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "secret" / "out"
    with Journal(folder, private=True) as journal:
        journal.done(put(folder, "a_stageii.npz"), of_result("a_stageii.npz", walk()), 1.0)
    assert main(["report", str(folder), "--private", "--pictures", "0"]) == 0
    assert "secret" not in (folder / "report.html").read_text()


def test_nothing_is_written_into_a_folder_without_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez(tmp_path / "walk_poses.npz", poses=np.zeros((3, 156)))
    (tmp_path / "torn.npz").write_bytes(b"PK")
    assert main(["report", str(tmp_path)]) == 1
    assert f"{tmp_path}: holds no results of Refit" in said(capsys)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["torn.npz", "walk_poses.npz"]
