"""Whatever becomes of journals and of the index: one sentence, no result lost, and all of it built anew."""

from __future__ import annotations

import os
import random
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from core.catalogue import index
from core.catalogue.catalogue import Catalogue, Clip
from core.catalogue.facts import of_result
from core.catalogue.journal import Ended, Journal, Unread, read_on
from core.catalogue.page.page import page_html
from core.catalogue.page.page_data import page_data
from core.catalogue.store import Unreadable
from core.commands.cli import main
from core.errors import FileError, RefitError
from core.model.fit_result import FitResult
from tests.core.catalogue.results import put, walk, worse
from tests.core.conftest import said

CASES = 20
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes among its files")


@pytest.fixture(scope="module")
def fits() -> dict[str, FitResult]:
    """By names of clips."""
    return {"a": walk(), "b": worse(walk(), 7, 60.0)}


@pytest.fixture
def out(tmp_path: Path, fits: dict[str, FitResult]) -> Path:
    """Two results, told by two runs, of which the second has failed with two others."""
    folder = tmp_path / "out"
    for number, (name, fit) in enumerate(fits.items()):
        with Journal(folder) as journal:
            # In the order in which they began, though within one second.
            journal.path = journal.path.with_name(f"{number}{journal.path.name[1:]}")
            output = put(folder, f"s/{name}_stageii.npz", fit)
            journal.waiting([(output, Path(f"{name}.npz"))])
            journal.running(output, Path(f"{name}.npz"))
            journal.done(output, of_result(journal.place(output), fit), 1.0)
            for failing in range(number):
                journal.failed(folder / f"c{failing}_stageii.npz", None, "c.npz: is broken", 0.1)
    return folder


def spoiled(out: Path) -> Path:
    """The journal that is to be spoiled: the first one."""
    return min((out / "refit_runs").iterdir())


def shown(folder: Path, *, rebuild: bool = False) -> tuple[list[Clip], list[str]]:
    """All clips of a folder, and what was told."""
    with Catalogue(folder, rebuild=rebuild) as catalogue:
        told = catalogue.refresh().told
        return [replace(one, id=0) for one in catalogue.clips(catalogue.ids((), ["output"]))], told


def test_of_a_journal_cut_anywhere_what_is_whole_is_read_and_the_rest_once_it_is(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        output = tmp_path / "a_stageii.npz"
        journal.waiting([(output, Path("/ä.npz"))])
        journal.running(output, Path("/ä.npz"))
        journal.failed(output, None, "ä.npz: is broken", 0.1)
    whole = list(read_on(journal.path))
    assert isinstance(whole[-1][1][0], Ended)
    data, cut = journal.path.read_bytes(), tmp_path / "cut.jsonl"
    cut.write_bytes(data)
    for length in reversed(range(len(data))):
        os.truncate(cut, length)
        before = list(read_on(cut))
        assert before == whole[: data[:length].count(b"\n")]
        if length in (place for place, _ in whole):
            assert before + list(read_on(journal.path, length)) == whole


def _garbage(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + random.Random(1).randbytes(500) + data[len(data) // 2 :])


def _zeros(path: Path) -> None:
    data = path.read_bytes()
    middle = data.index(b'"running"')
    path.write_bytes(data[:middle] + bytes(4096) + data[data.index(b"\n", middle) + 1 :])


def _interleaved(path: Path) -> None:
    one, other = path.read_bytes(), (b'{"at": 1, "event": "ended"}\n' * 9)
    middle = len(one) // 2
    path.write_bytes(one[:middle] + other[:40] + one[middle:] + other[40:])


def _later(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"format": 1', b'"format": 2'))


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _link(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def _circle(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def _no_folder(path: Path) -> None:
    path.parent.rename(path.parent.with_name("runs"))
    path.parent.write_bytes(b"")


def _folder_circle(path: Path) -> None:
    path.parent.rename(path.parent.with_name("runs"))
    path.parent.symlink_to(path.parent.name)


SPOILS = (_garbage, _zeros, _interleaved, _later, _folder)
ODD = (_pipe, _link, _circle, _no_folder, _folder_circle)


@pytest.mark.parametrize("spoil", [*SPOILS, *(pytest.param(one, marks=posix) for one in ODD)])
def test_a_spoiled_journal_is_one_sentence_and_takes_nothing_along(
    out: Path, spoil: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    before, _ = shown(out)
    (out / "refit.db").unlink()
    spoil(spoiled(out))
    for rebuild in (False, True):
        clips, told = shown(out, rebuild=rebuild)
        assert len(told) == 1
        assert "refit_runs" in told[0]
        assert "left out" in told[0]
        assert "\n" not in told[0]
        results = [one for one in clips if one.state == "done"]
        assert [(one.output, one.mean, one.curve) for one in results] == [
            (one.output, one.mean, one.curve) for one in before if one.state == "done"
        ]
        # The other run's journal says what it did.
        assert ("c0_stageii.npz" in [one.output for one in clips]) == (spoil not in ODD[-2:])
    assert main(["report", str(out), "--pictures", "0", "--rebuild"]) == 1
    assert told[0] in said(capsys)


def test_zeros_take_no_whole_line_along(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = [b'{"at": %d, "event": "failed", "output": "%d.npz"}' % (at, at) for at in range(5)]
    # What was to end the second line is lost with the third.
    path.write_bytes(b"\n".join(lines[:2]) + bytes(99) + b"\n".join(lines[3:]) + b"\n")
    found = [line for _, lines in read_on(path) for line in lines]
    assert [line.at for line in found if not isinstance(line, Unread)] == [0, 1, 3, 4]
    assert sum(isinstance(line, Unread) for line in found) == 1


def test_whatever_stands_in_journals_results_are_listed_and_all_agree(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A run that has not told its end goes on as long as its process does, which is this one.
    monkeypatch.setattr(index, "is_going", lambda *_: False)
    data, chance = spoiled(out).read_bytes(), random.Random(7)
    before, _ = shown(out)
    results = [one.output for one in before if one.state == "done"]
    for _ in range(CASES):
        spoiled(out).write_bytes(_mutated(data, chance))
        now, told = shown(out)
        assert len(told) <= 1
        again, _ = shown(out)
        assert again == now
        rebuilt, told = shown(out, rebuild=True)
        assert len(told) <= 1
        for clips in (now, rebuilt):
            assert set(results) <= {one.output for one in clips if one.state == "done"}
        spoiled(out).write_bytes(data)
    assert shown(out, rebuild=True) == (before, [])


def _mutated(data: bytes, chance: random.Random) -> bytes:
    """Bytes changed, left out, doubled, moved, or zero."""
    for _ in range(chance.randint(1, 6)):
        first, last = sorted(chance.choices(range(len(data) + 1), k=2))
        last = min(last, first + chance.choice((1, 30, 3000)))
        piece = data[first:last]
        changed = chance.choice(
            (b"", piece * 2, bytes(len(piece)), chance.randbytes(len(piece)), b"\n", b"9")
        )
        data = data[:first] + changed + data[last:]
    return data


def test_a_folder_that_cannot_be_looked_into_takes_no_clip_along(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, _ = shown(out)
    scandir = os.scandir

    def denied(path: str) -> object:
        if os.path.basename(path) == "s":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    for rebuild in (False, True):
        with monkeypatch.context() as patch:
            patch.setattr(index.os, "scandir", denied)
            clips, told = shown(out, rebuild=rebuild)
        assert told == [
            f"{out / 's'}: cannot be looked into: Permission denied; what is known of clips in it stays."
        ]
        assert clips == before
    assert shown(out) == (before, [])


# The index.


def _index_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "mine").write_text("words")


def _index_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _index_pipe_beside(path: Path) -> None:
    os.mkfifo(path.with_name("refit.db-journal"))


def _index_of_another(path: Path) -> None:
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE mine (words)")
    connection.execute("INSERT INTO mine VALUES ('words')")
    connection.commit()
    connection.close()


def _index_cut(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def _index_damaged(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE clips SET mean = 'much', curve = 3")
        connection.commit()


@pytest.mark.parametrize(
    "spoil",
    [
        _index_folder,
        _index_of_another,
        _index_cut,
        _index_damaged,
        pytest.param(_index_pipe, marks=posix),
        pytest.param(_index_pipe_beside, marks=posix),
    ],
)
def test_a_spoiled_index_is_one_sentence_and_built_anew_when_asked_to(
    out: Path, spoil: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    before, _ = shown(out)
    path = out / "refit.db"
    spoil(path)
    there = {one.name: one.read_bytes() for one in out.iterdir() if one.is_file()}
    with pytest.raises(Unreadable, match="--rebuild") as told:
        shown(out)
    assert "\n" not in str(told.value)
    assert there == {one.name: one.read_bytes() for one in out.iterdir() if one.is_file()}
    assert main(["report", str(out)]) == 1
    assert "--rebuild" in said(capsys)
    somebodys = spoil not in (_index_cut, _index_damaged)
    for kept in (".old", ".old2"):  # nothing is written over that is somebody's
        assert shown(out, rebuild=True) == (before, [])
        assert (out / f"refit.db{kept}").exists() == somebodys
        spoil(path)


@posix
def test_what_belongs_to_another_database_stays_with_it(out: Path) -> None:
    with closing(sqlite3.connect(out / "refit.db")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE mine (words)")
        connection.commit()
        with pytest.raises(Unreadable, match="something else"):
            shown(out)
        clips, _ = shown(out, rebuild=True)
        assert len(clips) == 3
        assert (out / "refit.db.old-wal").exists()
        assert not (out / "refit.db-wal").exists()
    with closing(sqlite3.connect(out / "refit.db.old")) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("mine",)]


def test_an_index_that_another_process_holds_is_no_damage(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown(out)
    monkeypatch.setattr("core.catalogue.store.WAIT_SECONDS", 0.0)
    with closing(sqlite3.connect(out / "refit.db")) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        with pytest.raises(FileError, match="is being written by another process") as told:
            shown(out)
    assert not isinstance(told.value, Unreadable)


def all_of(folder: Path) -> None:
    """Everything that reports and the window read."""
    with Catalogue(folder) as catalogue:
        catalogue.refresh()
        ids = catalogue.ids(["mean!="], ["subject", "max"])
        page_html(page_data(catalogue, ids, {}, private=False, told=()))
        for one in catalogue.clips(catalogue.ids()):
            catalogue.entry(one.id)
        for asked in (catalogue.groups, catalogue.states, catalogue.kinds, catalogue.assumed):
            asked()


def test_whatever_stands_in_an_index_it_is_read_or_refused(out: Path) -> None:
    before, _ = shown(out)
    path, chance = out / "refit.db", random.Random(11)
    data, sentences = path.read_bytes(), list[str]()
    # What is not in use is zero.
    used = [at for at, byte in enumerate(data) if byte]
    for case in range(3 * CASES):
        spoil = bytearray(data)
        if case % 8 == 0:
            del spoil[chance.randrange(len(spoil)) :]
        for at in chance.sample(used, chance.choice((1, 4, 30))):
            if at < len(spoil):
                spoil[at] = chance.randrange(256)
        path.write_bytes(spoil)
        try:
            all_of(out)
        except RefitError as error:
            sentences.append(str(error))
        assert {one.output for one in before} == {one.output for one in shown(out, rebuild=True)[0]}
    assert 0 < len(sentences) < 3 * CASES
    assert not any("\n" in sentence for sentence in sentences)
