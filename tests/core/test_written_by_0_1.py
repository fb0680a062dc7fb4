"""What Refit 0.1 wrote opens, and holds what was put into it: a fit of eight frames and what came of it."""

from __future__ import annotations

import pickletools
import zipfile
from pathlib import Path

import numpy as np

import tests
from core.correspond.load_bodies import load_bodies
from core.files.bodies.vertex_sets import read_vertex_list, read_vertex_weights
from core.files.containers.pickles import read_pickle
from core.files.motions.load_motion import load_motion
from core.fitting.recipe.settings import FitSettings
from core.inspection.joint_set import SetMember
from core.measure.frame_errors import measured
from core.model.joints import PARTS
from core.outputs.joint_sets import read_joint_set
from core.outputs.recipes import read_recipe
from core.outputs.results import load_result
from core.outputs.sessions import load_session, session_summary
from core.problems.accepted import Accepted

FILES = Path(tests.__path__[0]) / "written_by_0_1"
FRAMES, VERTICES = 8, 10475
HANDS_THREE_TIMES = (1.0, 1.0, 1.0, 3.0, 1.0, 1.0)
REST = 2.5
"""How much every vertex weighed but those of the hands."""


def test_a_result() -> None:
    result = load_result(FILES / "stroll_stageii.npz")
    assert (result.family, result.gender, result.source_name) == ("smplx", "neutral", "stroll_poses.npz")
    assert (result.frame_rate, result.up_axis) == (60.0, "z")
    assert result.poses.shape == (FRAMES, 55, 3)
    assert result.betas.shape == (10,)
    assert result.expression.shape == (FRAMES, 10)
    assert result.fitted.all()
    assert not result.edited.any()
    assert not result.partial
    assert result.part_mm.shape == (FRAMES, len(PARTS))
    np.testing.assert_allclose(result.mean_mm[[0, -1]], [2.0826, 2.0996], atol=1e-3)
    assert result.builtin
    assert result.provenance["made_by"] == "Refit 0.1.0"
    assert result.provenance["recipe"]["stages"][1]["robust"] == "huber"


def test_its_figures_are_those_of_its_motion_today() -> None:
    session = load_session(FILES / "stroll.refit")
    result = load_result(FILES / "stroll_stageii.npz")
    assert session.motion is not None
    pair = load_bodies()
    pair = pair.with_valid(session.steps[1].mask(pair.correspondence))
    again = measured(session.motion, pair, result, np.arange(FRAMES))
    np.testing.assert_allclose(again.mean, result.mean_mm, atol=2e-3)


def test_a_result_as_a_motion() -> None:
    result, motion = load_result(FILES / "stroll_stageii.npz"), load_motion(FILES / "stroll_stageii.npz")
    assert motion.family == "smplx"
    assert np.array_equal(motion.poses, result.poses)
    assert np.array_equal(motion.trans, result.transl)


def test_the_pickle_of_the_published_tool() -> None:
    found, result = read_pickle(FILES / "merged.pkl"), load_result(FILES / "stroll_stageii.npz")
    assert np.array_equal(found["body_pose"], result.poses[:4, 1:22].reshape(4, 63))
    assert np.array_equal(found["transl"], result.transl[:4])
    assert np.array_equal(found["betas"], result.betas)
    assert found["expression"].shape == (4, 10)


def test_a_session() -> None:
    path = FILES / "stroll.refit"
    session, result = load_session(path), load_result(FILES / "stroll_stageii.npz")
    assert session_summary(path)[1:] == ("stroll_poses.npz", "edit of pelvis in frame 5")
    assert (session.source.name, session.source.frames, session.at) == ("stroll_poses.npz", FRAMES, 2)
    assert session.motion is not None
    assert (session.motion.family, len(session.motion)) == ("smplh", FRAMES)
    before, fitted, edited = session.steps
    assert (before.result, before.name) == (None, "")
    assert fitted.result is not None
    assert fitted.name == "fit of all frames"
    assert np.array_equal(fitted.result.poses, result.poses)
    assert edited.result is not None
    assert edited.changed is not None
    assert edited.changed.tolist() == [5]
    assert np.flatnonzero(edited.result.edited).tolist() == [5]
    assert edited.accepted == (Accepted("part_mm", "hands", 1, 3, 31.5, "‘wild’ hand"),)
    correspondence = load_bodies().correspondence
    masks = [step.mask(correspondence) for step in session.steps]
    assert masks[0].sum() == masks[2].sum() == 9146
    weights = edited.weighing(correspondence)
    assert weights is not None
    assert np.array_equal(weights, read_vertex_weights(FILES / "weights.npz", VERTICES))
    assert (session.view["frame"], session.view["layout"]) == (5, "overlay")


def test_a_recipe() -> None:
    draft = read_recipe(FILES / "hands_first.toml")
    assert (draft.name, draft.start, draft.method) == ("hands first", "current", "gauss-newton")
    assert [entry.settings for entry in draft.entries] == [
        FitSettings(stage="edge", num_betas=16),
        FitSettings(iterations=20, robust="huber", part_weights=HANDS_THREE_TIMES, num_betas=16),
    ]


def test_sets_of_joints_and_of_vertices() -> None:
    markers = read_joint_set(FILES / "markers.json")
    assert (markers.name, markers.family) == ("markers", "smplx")
    assert markers.members == (SetMember("knee", joint="left_knee"), SetMember("nose", vertex=9120))
    body = load_bodies().target
    valid = read_vertex_list(FILES / "without_hands.txt", VERTICES).valid
    hands = body.vertex_part == PARTS.index("hands")
    assert valid.sum() == 7004
    assert not valid[hands].any()
    weights = read_vertex_weights(FILES / "weights.npz", VERTICES)
    assert np.array_equal(weights, np.where(valid, np.float32(REST), np.float32(1)))


def test_no_file_names_a_module() -> None:
    """Where a class stands today is nothing that a file depends on."""
    for path in FILES.iterdir():
        texts = {path.name: path.read_bytes()}
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                texts = {name: archive.read(name) for name in archive.namelist()}
        for name, text in texts.items():
            assert b"gui_app" not in text, (path, name)
            assert b"core." not in text.replace(b"numpy._core.", b""), (path, name)
    words = pickletools.genops((FILES / "merged.pkl").read_bytes())
    named = {str(word).partition(" ")[0] for code, word, _ in words if code.name == "GLOBAL"}
    assert {module.partition(".")[0] for module in named} == {"numpy", "_codecs"}
