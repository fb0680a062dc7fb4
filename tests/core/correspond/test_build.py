"""Correspondences built from two bodies, against the ones that were made with the built-in bodies."""

from __future__ import annotations

import json
import pickle
import shutil
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from core.commands.cli import main
from core.correspond import built_cache as kept
from core.correspond.build import Why, build_correspondence, joints_apart_mm
from core.correspond.build_settings import BUILD_SETTINGS, BuildSettings
from core.correspond.load_bodies import load_bodies, reversed_bodies
from core.correspond.rest_alignment import _PosedRest, align_rest_shapes
from core.errors import FileError, RefitError
from core.files.bodies.correspondences import read_correspondence, write_correspondence
from core.files.builtin_files import builtin_folder
from core.inspection.correspondence_report import correspondence_report
from core.inspection.correspondence_rows import compare_correspondences
from tests.variants import body_pair, with_dense_correctives, with_other_rest_pose

BODIES = builtin_folder() / "bodies"
SMPLH, SMPLX = BODIES / "smplh/neutral/model.npz", BODIES / "smplx/SMPLX_NEUTRAL.npz"
OURS = BODIES / "transfer/smplh2smplx_deftrafo_setup.pkl"


@pytest.fixture(autouse=True)
def own_settings(monkeypatch, tmp_path):
    monkeypatch.setenv("REFIT_SETTINGS", str(tmp_path / "settings"))
    monkeypatch.delenv("REFIT_MODELS", raising=False)
    monkeypatch.setattr(kept, "_BUILT", {})


@pytest.fixture(scope="module")
def pair():
    return load_bodies()


@pytest.fixture(scope="module")
def built(pair):
    shares = []
    found = build_correspondence(pair.source, pair.target, tell=shares.append)
    assert shares[0] == 0
    assert shares[-1] == 1
    assert shares == sorted(shares)
    return found


@pytest.fixture(scope="module")
def built_back(pair):
    return build_correspondence(pair.target, pair.source)


def differing(pair, found):
    """Vertices by more than 5 mm, and in only one of the two."""
    apart = compare_correspondences(pair.source, pair.correspondence, found)
    return int(np.nansum(apart.distance_mm > 5)), len(apart.only_first) + len(apart.only_second)


def test_it_agrees_with_the_one_that_the_bodies_were_made_with(pair, built, built_back):
    assert differing(pair, built[0]) == (0, 13)
    assert differing(reversed_bodies(pair), built_back[0]) == (0, 0)
    for (found, report), whole in ((built, pair), (built_back, reversed_bodies(pair))):
        assert report.trustworthy
        assert report.rms_mm < 0.6
        rows = correspondence_report(replace(whole, correspondence=found))
        assert not len(rows.off)
        assert not len(rows.negative)
        assert not len(rows.no_triangle)
        assert len(rows.across) <= 2 * len(correspondence_report(whole).across) + 20


def test_the_report_is_that_of_the_matrix(pair, built):
    found, report = built
    assert report.valid == int(found.valid.sum()) == int(found.filled.sum())
    assert report.valid + sum(report.invalid.values()) == pair.target.num_vertices
    assert report.part_valid.sum() == report.valid
    assert report.part_total.sum() == pair.target.num_vertices
    assert report.invalid[Why.HIDDEN] > 1000, "eyes and mouth"
    distance = report.distance_mm[found.valid]
    assert report.percentiles_mm[50] == pytest.approx(np.median(distance))
    assert report.percentiles_mm[100] == pytest.approx(distance.max())
    told = json.loads(json.dumps(report.document(), allow_nan=False))
    assert told["valid"] == report.valid
    assert told["distance_mm"]["max"] <= 20


@pytest.mark.slow
@pytest.mark.parametrize("name", ["strong correctives", "dense correctives", "other shape basis"])
def test_harder_bodies(name):
    pair = body_pair(name)
    for way in (pair, reversed_bodies(pair)):
        found, report = build_correspondence(way.source, way.target)
        over, alone = differing(way, found)
        assert over == 0
        assert alone < 20
        assert report.trustworthy


@pytest.mark.slow
def test_rest_poses_that_differ(pair):
    body = with_dense_correctives(pair.target)
    other = replace(reversed_bodies(pair), source=with_other_rest_pose(body, 20))
    found, report = build_correspondence(other.source, other.target)
    assert report.trustworthy
    assert report.turned[0].endswith("shoulder")
    assert report.turned[1] == pytest.approx(20, abs=3)
    over, alone = differing(other, found)
    assert over < 10
    assert alone < 10


@pytest.mark.slow
def test_rest_poses_that_differ_with_few_betas(pair):
    other = replace(pair, source=with_other_rest_pose(pair.source, 20))
    found, report = build_correspondence(other.source, other.target)
    assert report.trustworthy
    apart = compare_correspondences(other.source, other.correspondence, found).distance_mm
    assert np.nanpercentile(apart, 50) < 2
    assert np.nanmax(apart) < 20


def test_slopes_are_those_of_the_vertices(pair):
    body = replace(pair.target, posedirs=np.zeros_like(pair.target.posedirs))
    rest = _PosedRest(body, np.arange(0, 10475, 400))
    rng = np.random.default_rng(0)
    unknowns = rest.count + 3 * body.num_joints + 3
    start = rng.normal(0, 0.1, unknowns)
    rest.move(start)
    slopes, joint_slopes = rest.slopes(), rest.joint_slopes()
    for unknown in range(0, unknowns, 17):
        step = np.zeros(unknowns)
        step[unknown] = 1e-2
        ends = []
        for sign in (1, -1):
            other = _PosedRest(body, rest.ids)
            other.betas, other.relative, other.shift = (
                rest.betas.copy(),
                rest.relative.clone(),
                rest.shift.copy(),
            )
            other.move(sign * step)
            ends.append((other.points(), other.joints()))
        np.testing.assert_allclose((ends[0][0] - ends[1][0]) / 2e-2, slopes[unknown], atol=2e-4)
        np.testing.assert_allclose((ends[0][1] - ends[1][1]) / 2e-2, joint_slopes[unknown], atol=2e-4)


def test_a_body_on_itself_stays(pair):
    body = pair.source
    laid = align_rest_shapes(body, body, np.ones(body.num_vertices, bool), body.faces, steps=2)
    np.testing.assert_allclose(laid.vertices, body.v_template, atol=1e-5)
    assert laid.rms_mm < 0.01
    assert np.abs(laid.betas).max() < 1e-3


@pytest.mark.slow
def test_limits_in_effect(pair):
    near, report = build_correspondence(pair.source, pair.target, BuildSettings(max_distance_mm=1.0))
    assert 0 < report.invalid[Why.TOO_FAR] < 2000
    assert report.distance_mm[near.valid].max() <= 1


def test_limits():
    with pytest.raises(RefitError, match="no limit"):
        BuildSettings(max_distance_mm=0)
    with pytest.raises(RefitError, match="no limit"):
        BuildSettings(max_distance_mm=float("nan"))
    with pytest.raises(RefitError, match="no limit"):
        BuildSettings(max_angle_deg=0)
    for setting in BUILD_SETTINGS.values():
        assert setting.metadata["help"]


def test_what_cannot_be_built(pair):
    with pytest.raises(RefitError, match="share one surface"):
        build_correspondence(pair.source, load_bodies(source="smpl").source)
    turned = replace(pair.source, J_regressor=pair.source.J_regressor[::-1].copy())
    assert joints_apart_mm(turned, pair.target) > 150
    with pytest.raises(RefitError, match="do not rest in like poses"):
        build_correspondence(turned, pair.target)


def test_work_that_is_cancelled_ends(pair):
    class Cancelled(Exception):
        pass

    def stop(share):
        if share > 0.2:
            raise Cancelled

    with pytest.raises(Cancelled):
        build_correspondence(pair.source, pair.target, tell=stop)


@pytest.mark.parametrize("name", ["built.pkl", "built.npz"])
def test_what_is_written_is_read_back(tmp_path, pair, built, name):
    found, report = built
    path = tmp_path / name
    write_correspondence(path, found, report.distance_mm)
    again = read_correspondence(
        path, source_vertices=pair.source.num_vertices, target_vertices=pair.target.num_vertices
    )
    assert (again.matrix != found.matrix).nnz == 0
    np.testing.assert_array_equal(again.valid, found.valid)
    assert again.notes == ()
    with pytest.raises(FileError, match="already exists"):
        write_correspondence(path, found)
    with pytest.raises(RefitError, match=r"must end in \.pkl or \.npz"):
        write_correspondence(tmp_path / "built.txt", found)


def test_the_official_loader_finds_what_it_expects(tmp_path, pair, built):
    path = tmp_path / "smplh2smplx_deftrafo_setup.pkl"
    write_correspondence(path, built[0], built[1].distance_mm)
    data = path.read_bytes()
    assert b"scipy.sparse\ncsr_matrix" in data, "where all versions of scipy have it"
    assert b"_core" not in data
    with path.open("rb") as file:
        contents = pickle.load(file, encoding="latin1")  # noqa: S301  (written above)
    assert contents["mtx"].shape == (10475, 2 * 6890)
    dense = np.array(contents["mtx"][:500].todense(), dtype=np.float32)
    half = dense[:, : dense.shape[1] // 2]
    np.testing.assert_array_equal(half, built[0].matrix[:500].toarray())
    assert not contents["mtx"][:, 6890:].nnz
    np.testing.assert_array_equal(contents["valid"], built[0].valid)
    assert contents["distance_mm"].dtype == np.float32


def test_scipy_reads_the_npz(tmp_path, built):
    write_correspondence(tmp_path / "m.npz", built[0])
    assert (sparse.load_npz(tmp_path / "m.npz") != built[0].matrix).nnz == 0


@pytest.fixture
def folder(tmp_path):
    """The built-in bodies as a folder of models without correspondences."""
    models = tmp_path / "models"
    shutil.copytree(BODIES, models)
    for path in (models / "transfer").glob("*.pkl"):
        path.unlink()
    return models


def test_a_folder_without_correspondences_opens_with_built_ones(folder, pair, built, monkeypatch, tmp_path):
    calls = []

    def build(source, target, tell):
        tell(0.5)
        calls.append((source.family, target.family))
        return built

    monkeypatch.setattr("core.correspond.build.build_correspondence", build)
    with pytest.raises(FileError, match=r"no correspondence from SMPL-X to SMPL-H.*`refit correspond`"):
        reversed_bodies(pair_of(folder))
    calls.clear()
    shares = []
    with kept.telling(shares.append):
        found = pair_of(folder)
    assert not calls, "kept in memory"
    monkeypatch.setattr(kept, "_BUILT", {})
    found = pair_of(folder)
    assert not calls, "kept on the disk"
    note = found.notes[-1]
    assert "no correspondence from SMPL-H to SMPL-X: one built from the two bodies is used, 9143 of" in note
    assert found.correspondence.path.is_relative_to(tmp_path / "settings")
    assert found.correspondence.mask_path is not None
    assert found.correspondence.valid.sum() == 9138, "the mask of the folder counts as well"
    (folder / "transfer/smplx_mask_ids.npy").unlink()
    assert pair_of(folder).correspondence.valid.sum() == 9143
    # A file that was kept and damaged since is built anew.
    found.correspondence.path.write_bytes(b"damaged")
    monkeypatch.setattr(kept, "_BUILT", {})
    with kept.telling(shares.append):
        assert pair_of(folder).correspondence.valid.sum() == 9143
    assert calls == [("smplh", "smplx")]
    assert shares == [0.5]


def pair_of(folder):
    return load_bodies(folder)


def test_nothing_doubtful_is_used_unseen(folder, built, monkeypatch):
    found, report = built
    doubtful = replace(report, rms_mm=9.0)
    monkeypatch.setattr(
        "core.correspond.build.build_correspondence", lambda source, target, tell: (found, doubtful)
    )
    with pytest.raises(FileError, match=r"no correspondence .*; none can be built: .* 9\.0 mm apart"):
        load_bodies(folder)


def test_settings_that_cannot_be_written_do_not_matter(folder, built, monkeypatch, tmp_path):
    (tmp_path / "settings").write_text("a file, where a folder is expected")
    monkeypatch.setattr("core.correspond.build.build_correspondence", lambda source, target, tell: built)
    assert load_bodies(folder).correspondence.valid.any()


def test_the_way_back_is_built_where_it_is_asked_for(folder, built_back, monkeypatch):
    shutil.copy(OURS, folder / "transfer")
    monkeypatch.setattr("core.correspond.build.build_correspondence", lambda source, target, tell: built_back)
    pair = load_bodies(folder)
    assert reversed_bodies(pair, build=True).correspondence.valid.all()
    assert reversed_bodies(pair).correspondence.valid.all()


def test_the_command(tmp_path, capsys, monkeypatch, built):
    def build(source, target, settings, tell):
        assert (source.family, target.family) == ("smplh", "smplx")
        assert settings == BuildSettings(12.5, with_hidden=True)
        tell(1.0)
        return built

    monkeypatch.setattr("core.commands.correspond.build_correspondence", build)
    outs = [str(tmp_path / "built.pkl"), str(tmp_path / "built.npz")]
    arguments = ["correspond", str(SMPLH), str(SMPLX), "--compare", str(OURS)]
    arguments += ["--max-distance", "12.5", "--with-hidden"]
    assert main([*arguments, "--out", outs[0], "-o", outs[1], "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["written"] == outs
    assert (told["source"]["family"], told["target"]["family"]) == ("smplh", "smplx")
    assert told["trustworthy"]
    assert told["comparison"]["over_mm"]["5"] == 0
    assert told["comparison"]["parts"]["hands"]["both"] == 2142
    assert told["comparison"]["worst"][0]["mm"] == pytest.approx(told["comparison"]["distance_mm"]["max"])
    # Told before anything is built.
    assert main([*arguments, "--out", outs[0]]) == 1
    assert "already exists" in capsys.readouterr().err
    assert main(["inspect", "--compare", outs[0], "--json"]) == 0
    inspected = json.loads(capsys.readouterr().out)["comparison"]
    assert inspected["over_mm"] == told["comparison"]["over_mm"]
    assert inspected["only_first"] == told["comparison"]["only_second"]
    assert main(["inspect", "--compare", outs[1]]) == 0
    assert "differ" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([str(SMPLH), str(SMPLX)], "give --out FILE"),
        ([str(SMPLH), str(SMPLX), "-o", "x.txt"], "must end in .pkl or .npz"),
        ([str(SMPLH), str(SMPLX), "-o", "x.pkl", "--max-distance", "-1"], "no limit"),
        ([str(SMPLH), str(SMPLH), "-o", "x.pkl"], "share one surface"),
        ([str(SMPLH), str(OURS), "-o", "x.pkl"], "smplh2smplx"),
        ([str(SMPLH), "missing.npz", "-o", "x.pkl"], "no such file"),
        ([str(SMPLH), str(SMPLX), "-o", str(SMPLX), "--force"], "is an input"),
    ],
)
def test_what_the_command_refuses(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["correspond", *arguments]) == 1
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert not (tmp_path / "x.pkl").exists()


def test_a_body_model_is_never_written_over(tmp_path, capsys):
    other = tmp_path / "model.npz"
    shutil.copy(SMPLH, other)
    before = other.read_bytes()
    assert main(["correspond", str(SMPLH), str(SMPLX), "-o", str(other), "--force"]) == 1
    assert "is no correspondence, and is not written over" in capsys.readouterr().err
    assert other.read_bytes() == before


def test_comparing_with_itself_and_with_nonsense(tmp_path, capsys):
    assert main(["inspect", "--compare", str(OURS)]) == 0
    assert "every weight and every mark" in capsys.readouterr().out
    (tmp_path / "bad.pkl").write_bytes(b"no")
    assert main(["inspect", "--compare", str(tmp_path / "bad.pkl")]) == 1
    assert "is text, expected a correspondence" in capsys.readouterr().err
