from __future__ import annotations

import numpy as np
import pytest

from core.correspond.load_bodies import bodies_for, load_bodies, reversed_bodies
from core.errors import FileError, RefitError
from core.files import builtin_files
from core.files.builtin_files import builtin_motions, default_motion
from core.files.motions.load_motion import load_motion
from core.model.body_pair import within
from core.model.motion import Motion
from tests.core.files.bodies.model_file_arrays import builtin_matrix, model_arrays
from tests.transfer_files import write_correspondence, write_mask

SMPLH, SMPLX = 6890, 10475


@pytest.fixture(autouse=True)
def no_models_variable(monkeypatch):
    monkeypatch.delenv("REFIT_MODELS", raising=False)


@pytest.fixture
def none_can_be_built(monkeypatch, tmp_path):
    def refuse(source, target, tell):
        raise RefitError("not here")

    monkeypatch.setenv("REFIT_SETTINGS", str(tmp_path / "kept"))
    monkeypatch.setattr("core.correspond.build.build_correspondence", refuse)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder laid out as the licensed downloads are: male models only."""
    root = tmp_path_factory.mktemp("models – 模型")
    for name in ("smplh/male", "smplx", "smpl", "transfer"):
        (root / name).mkdir(parents=True)
    np.savez(root / "smplh/male/model.npz", **model_arrays("smplh", columns=16))
    np.savez(root / "smplx/SMPLX_MALE.npz", **model_arrays("smplx", columns=20))
    matrix = builtin_matrix("smplh", "smplx")
    write_correspondence(root / "transfer/smplh2smplx_deftrafo_setup.pkl", matrix)
    filled = np.diff(matrix.indptr) > 0
    write_mask(root / "transfer/smplx_mask_ids.npy", filled & (np.cumsum(filled) <= 100))
    return root


def motion(family="smplh", gender="male"):
    joints = {"smpl": 24, "smplh": 52, "smplx": 55}[family]
    return Motion(family, np.zeros((2, joints, 3)), np.zeros((2, 3)), np.zeros(10), gender=gender)


def test_licensed_models(folder):
    pair = bodies_for(motion(), folder)
    assert (pair.source.family, pair.target.family, pair.source.gender) == ("smplh", "smplx", "male")
    assert not pair.builtin
    assert pair.label == f"licensed models in {folder}"
    assert pair.correspondence.valid.sum() == 100
    assert pair.notes == ()


def test_the_environment_names_the_folder(folder, monkeypatch):
    monkeypatch.setenv("REFIT_MODELS", str(folder))
    assert load_bodies(gender="male").folder == folder
    monkeypatch.setenv("REFIT_MODELS", str(folder / "none"))
    with pytest.raises(FileError, match="no such folder"):
        load_bodies()
    monkeypatch.setenv("REFIT_MODELS", "")
    assert load_bodies().builtin


def test_built_in_bodies_never_stand_in(folder, tmp_path, none_can_be_built):
    with pytest.raises(FileError, match=r"no SMPL-H female model.*found male only"):
        load_bodies(folder, gender="female")
    with pytest.raises(FileError, match="no SMPL-H neutral model"):
        load_bodies(folder)
    with pytest.raises(FileError, match="no SMPL male model"):
        load_bodies(folder, source="smpl", gender="male")
    with pytest.raises(FileError, match="no SMPL-H neutral model"):
        load_bodies(tmp_path)
    with pytest.raises(FileError, match="no correspondence from SMPL-X to SMPL-H"):
        load_bodies(folder, source="smplx", target="smplh", gender="male")


def test_a_built_in_body_in_a_licensed_folder_is_said(tmp_path, folder):
    for path in folder.rglob("*"):
        copy = tmp_path / path.relative_to(folder)
        if path.is_dir():
            copy.mkdir()
        elif path.name != "model.npz":
            copy.write_bytes(path.read_bytes())
    np.savez(tmp_path / "smplh/male/model.npz", **model_arrays("smplh"), origin=np.array("built in"))
    pair = load_bodies(tmp_path, gender="male")
    assert pair.builtin
    assert pair.label == "built-in bodies"
    assert "SMPL-H" in pair.notes[0]


def test_without_a_mask_there_is_a_note(tmp_path, folder):
    for path in folder.rglob("*"):
        copy = tmp_path / path.relative_to(folder)
        if path.is_dir():
            copy.mkdir()
        elif path.name != "smplx_mask_ids.npy":
            copy.write_bytes(path.read_bytes())
    pair = load_bodies(tmp_path, gender="male")
    assert pair.correspondence.valid.sum() == pair.correspondence.filled.sum() > SMPLH
    assert len(pair.notes) == 1


@pytest.mark.parametrize("arguments", [{"source": "mano"}, {"target": "x"}, {"gender": "m"}])
def test_unknown_names(arguments):
    with pytest.raises(RefitError, match="expected"):
        load_bodies(**arguments)


@pytest.mark.parametrize("family", ["smpl", "smplh", "smplx"])
def test_built_in_bodies(family):
    pair = bodies_for(motion(family, gender=None))
    assert pair.builtin
    assert pair.label == "built-in bodies"
    assert (pair.source.family, pair.target.family) == (family, "smplx")
    assert pair.notes == ()
    assert pair.correspondence.matrix.shape == (SMPLX, pair.source.num_vertices)


@pytest.mark.parametrize("target", ["smpl", "smplh", "smplx"])
@pytest.mark.parametrize("source", ["smpl", "smplh", "smplx"])
def test_built_in_bodies_in_every_direction(source, target):
    pair = bodies_for(motion(source, gender=None), target=target)
    assert pair.builtin
    assert pair.notes == ()
    assert (pair.source.family, pair.target.family) == (source, target)
    assert pair.correspondence.matrix.shape == (pair.target.num_vertices, pair.source.num_vertices)
    mesh = pair.source.v_template[None]
    met = pair.correspondence.apply(pair.source.tensor(mesh))[0].numpy()
    distance = np.linalg.norm(met - pair.target.v_template, axis=1)[pair.correspondence.valid]
    assert distance.mean() < 0.03
    if source != "smplx" and target != "smplx":
        np.testing.assert_array_equal(met, pair.target.v_template)
        assert pair.correspondence.valid.all()


def test_the_way_back(folder, none_can_be_built):
    pair = load_bodies()
    back = reversed_bodies(pair)
    assert (back.source, back.target) == (pair.target, pair.source)
    assert back.correspondence.matrix.shape == (SMPLH, SMPLX)
    assert reversed_bodies(pair) is back
    surface = pair.source.v_template[None]
    there = pair.correspondence.apply(pair.source.tensor(surface))
    again = back.correspondence.apply(there)[0].numpy()
    # Points that lie on a part without counterpart (eyes) do not come back.
    known = np.abs(back.correspondence.matrix) @ (np.diff(pair.correspondence.matrix.indptr) == 0) == 0
    assert known.mean() > 0.98
    assert np.linalg.norm(again - surface[0], axis=1)[known].mean() < 5e-4
    with pytest.raises(FileError, match="no correspondence from SMPL-X to SMPL-H"):
        reversed_bodies(load_bodies(folder, gender="male"))


def test_licensed_models_towards_smplh(folder, tmp_path):
    for path in folder.rglob("*"):
        copy = tmp_path / path.relative_to(folder)
        if path.is_dir():
            copy.mkdir()
        else:
            copy.symlink_to(path)
    back = builtin_matrix("smplx", "smplh").tolil()
    back[7] = 0
    write_correspondence(tmp_path / "transfer/smplx2smplh_deftrafo_setup.pkl", back)
    pair = bodies_for(motion("smplx"), tmp_path, target="smplh")
    assert (pair.source.gender, pair.target.gender) == ("male", "male")
    assert not pair.builtin
    # SMPL-H has no file of valid vertices: every row with weights counts, and that is no news.
    assert list(np.flatnonzero(~pair.correspondence.valid)) == [7]
    assert pair.notes == ()


def test_coefficients_beyond_the_bodys_are_left_out_and_said():
    many = Motion(
        "smplx",
        np.zeros((2, 55, 3)),
        np.zeros((2, 3)),
        np.arange(16.0),
        expression=np.arange(100.0).reshape(2, 50),
    )
    pair = bodies_for(many, target="smplh")
    assert len(pair.notes) == 2
    assert "16 betas and the body 10" in pair.notes[0]
    assert "50 expression coefficients and the body 10" in pair.notes[1]
    cut = within(many, pair.source)
    assert cut.expression is not None
    np.testing.assert_array_equal(cut.betas, np.arange(10.0))
    np.testing.assert_array_equal(cut.expression[1], np.arange(50.0, 60.0))
    assert within(motion(), load_bodies().source).expression is None


def test_the_built_in_bodies_are_neutral_only():
    pair = load_bodies(gender="female")
    assert pair.source.gender == "neutral"
    assert "no built-in female body" in pair.notes[0]


def test_built_in_motions():
    paths = builtin_motions()
    assert default_motion() in paths
    for path in paths:
        found = load_motion(path)
        assert found.family == "smplh"
        assert found.frame_rate
        assert found.finite_frames().all()


def test_an_installation_without_assets(monkeypatch, tmp_path):
    monkeypatch.setattr(builtin_files, "PACKAGE", tmp_path / "core")
    for call in (load_bodies, builtin_motions, default_motion):
        with pytest.raises(FileError, match="no folder of built-in"):
            call()


def test_motions_of_several_bodies_in_turn_prepare_nothing_twice() -> None:
    pairs = [load_bodies(source=source) for source in ("smplh", "smpl", "smplh", "smpl")]
    assert pairs[0].source is pairs[2].source
    assert pairs[1].source is pairs[3].source
    assert all(pair.target is pairs[0].target for pair in pairs)
