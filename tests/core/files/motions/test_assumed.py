"""What a file is taken to mean is told, and what is said wins over it."""

from __future__ import annotations

import ast
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

import core.files.motions.sources as sources
from core.commands.cli import main
from core.files.assumption import meaning_of_json
from core.files.containers.asked_keys import AskedDict, unused_in
from core.files.motions.load_motion import load_motion
from core.model.motion import Motion, Reading
from core.outputs.reading_words import command_to_read_otherwise, line
from tests.core.files.motions.sources.example import normal, without
from tests.core.files.motions.sources.examples import gvhmr, phalp, phalp_bytes, three_dpw, torch_bytes, wham
from tests.core.files.motions.sources.test_smplx_arguments import arguments


def how(motion: Motion) -> dict[str, tuple[str, str]]:
    return {one.quantity: (one.value, one.how) for one in motion.assumed}


def test_what_is_taken_of_amass_is_told(save, amass):
    motion = load_motion(save(amass | {"labels": np.zeros(3)}))
    assert how(motion) == {
        "family": ("smplh", "file"),
        "angles": ("radians", "default"),
        "sides": ("as-is", "default"),
        "unit": ("m", "default"),
        "up axis": ("z", "default"),
        "gender": ("male", "file"),
        "frame rate": ("120", "file"),
        "hands": ("flat", "default"),
    }
    assert motion.unused == ("labels",)
    assert "up axis z (default)" in line(motion)
    assert line(motion).endswith("not used: labels")


def test_what_nobody_knows_has_no_value(save, amass):
    told = how(load_motion(save(without(amass, "gender", "mocap_framerate"))))
    assert (told["gender"], told["frame rate"]) == (("", "default"), ("", "default"))


def test_what_the_tool_is_known_for(save):
    told = how(load_motion(save(torch_bytes(gvhmr()), "a.pt")))
    assert told["family"] == ("smplx", "tool")
    assert told["up axis"] == ("y", "tool")
    assert told["coordinates"] == ("world", "default")


@pytest.mark.parametrize(
    ("name", "contents", "person", "unused"),
    [
        ("a.pkl", lambda: pickle.dumps(wham()), "0", ("*.pose", "*.trans", "*.verts")),
        ("a.pt", lambda: torch_bytes(gvhmr()), None, ("K_fullimg", "net_outputs", "smpl_params_incam")),
        (
            "b.pkl",
            lambda: phalp_bytes(phalp()),
            "1",
            ("*.bbox", "*.mask", "*.shot", "*.tracked_ids"),
        ),
        (
            "c.pkl",
            lambda: pickle.dumps(three_dpw(), 2),
            "0",
            ("cam_poses", "campose_valid", "poses_60Hz", "sequence", "texture_maps"),
        ),
    ],
)
def test_keys_that_are_not_used_are_told(save, name, contents, person, unused):
    assert load_motion(save(contents(), name), Reading(person=person)).unused == unused


def test_every_source_reads_arrays_where_it_is_noticed():
    for path in sorted(Path(sources.__file__).parent.rglob("*.py")):
        names = {
            alias.name
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        assert path.name == "file_contents.py" or "read_npz" not in names, f"{path.name}: use Contents.read"


def test_a_table_remembers_what_was_asked_for():
    endless: dict[str, object] = {"a": 1}
    endless["self"] = endless
    table = AskedDict({"x": 1, "y": {"z": 2, "w": 3}, "n": [{"p": 1, "q": 2}, {"p": 1}], "e": endless})
    assert "x" in table
    assert set(unused_in(table)) == {"x", "y", "n", "e"}
    assert table["y"]["z"] == 2
    assert table.get("n")[0].get("p") == 1
    assert table["e"]["self"]["self"]["a"] == 1
    assert set(unused_in(table)) == {"x", "y.w", "n.q", "e.a", "e.self.a", "e.self.self.self"}
    assert {**table} == dict(table)
    assert "x" not in unused_in(table)


def test_saying_wins_and_is_told(save, amass):
    path = save(without(amass, "dmpls"))
    motion = load_motion(path, Reading(gender="female", frame_rate=30.0))
    assert (motion.gender, motion.frame_rate) == ("female", 30.0)
    assert motion.reading == Reading(gender="female", frame_rate=30.0)
    assert set(motion.notes) == {
        "Gender: female is taken, as you say, not male: 'gender' is male.",
        "Frame rate: 30 is taken, as you say, not 120: 'mocap_framerate' is 120.",
    }


def test_saying_what_the_file_says_changes_nothing_and_says_so(save, amass):
    motion = load_motion(save(without(amass, "dmpls")), Reading(gender="male"))
    assert motion.reading == Reading()
    assert motion.notes == ("Saying the gender changes nothing: 'gender' is male.",)


def test_otherwise_is_for_what_the_file_does_not_say(save, amass):
    known = Reading(gender="female", frame_rate=30.0)
    motion = load_motion(save(without(amass, "dmpls", "mocap_framerate")), otherwise=known)
    assert (motion.gender, motion.frame_rate, motion.notes) == ("male", 30.0, ())
    assert motion.reading == Reading(frame_rate=30.0)


@pytest.mark.parametrize(
    ("reading", "change"),
    [
        (Reading(angles="degrees"), lambda a: {"poses": np.rad2deg(a["poses"])}),
        (Reading(unit="cm"), lambda a: {"trans": 100 * a["trans"]}),
        (Reading(unit="mm"), lambda a: {"trans": 1000 * a["trans"]}),
    ],
)
def test_units_that_are_said(save, amass, reading, change):
    plain = load_motion(save(amass))
    motion = load_motion(save(amass | change(amass), "b.npz"), reading)
    np.testing.assert_allclose(motion.poses, plain.poses, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(motion.trans, plain.trans, rtol=1e-5, atol=1e-6)
    assert motion.reading == reading


def test_swapped_sides(save, amass):
    plain = load_motion(save(amass))
    swapped = load_motion(save(amass), Reading(sides="swapped"))
    assert plain.left_hand_pose is not None
    np.testing.assert_array_equal(swapped.right_hand_pose, plain.left_hand_pose)
    np.testing.assert_array_equal(swapped.poses[:, [0, 1, 19]], plain.poses[:, [0, 2, 18]])


def test_swapped_sides_of_hands_by_components(save):
    held = arguments(left_hand_pose=normal((5, 12), 2), right_hand_pose=normal((5, 12), 3))
    motion = load_motion(save(held), Reading(sides="swapped"))
    assert motion.body_terms is not None
    components = motion.body_terms.hand_components
    np.testing.assert_array_equal(components[:, 0], held["right_hand_pose"])
    np.testing.assert_array_equal(components[:, 1], held["left_hand_pose"])


def test_info_tells_it_and_how_to_read_it_otherwise(save, amass, capsys):
    path = save(amass | {"labels": np.zeros(3)}, "walk.npz")
    assert main(["info", str(path), "--up-axis=y"]) == 0
    said = capsys.readouterr().out
    assert "said by you: as you say" in said
    assert "Keys not used: labels" in said
    assert f"refit convert {path} -o out/ --up-axis y " in " ".join(said.split())
    assert "[--angles degrees]" in said
    assert main(["info", str(path), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    motion = load_motion(path)
    assert meaning_of_json(document) == {
        "assumed": motion.assumed,
        "unused": motion.unused,
        "origin": None,
    }
    assert document["read_otherwise"] == command_to_read_otherwise(motion)
    assert "[--up-axis=y|x|-y|-z|-x]" in document["read_otherwise"]


def test_what_was_told_and_makes_no_sense_is_left_out():
    assert meaning_of_json({"assumed": [3, {"quantity": "x"}, None], "unused": [1, "a"]}) == {
        "assumed": (),
        "unused": ("a",),
        "origin": None,
    }
    assert meaning_of_json({}) == {"assumed": (), "unused": (), "origin": None}


def test_hands_as_they_are_said_to_be(save, amass):
    motion = load_motion(save(amass), Reading(hands="mean"))
    assert motion.body_terms is not None
    assert motion.body_terms.hands_mean
    flat = load_motion(save(torch_bytes(gvhmr()), "a.pt"), Reading(hands="flat"))
    assert flat.body_terms is None
    assert "Hands: flat is taken, as you say, not mean: GVHMR writes them so." in flat.notes
