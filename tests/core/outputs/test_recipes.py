"""Recipes as files: what is written comes back, and what is wrong is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import FileError, RefitError
from core.fitting.recipe.draft import Draft
from core.fitting.recipe.overrides import assigned
from core.fitting.recipe.recipe import ACCURATE, PRESETS
from core.fitting.recipe.settings import FitSettings
from core.outputs.recipes import read_recipe, recipe_text, write_recipe


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_written_comes_back(tmp_path: Path, name: str) -> None:
    draft = assigned(Draft.of(PRESETS[name]), ["vertex.weights.hands=3", "vertex.free_left_hand=false"])
    draft = draft.added("edge")
    draft = draft.put(len(draft.entries) - 1, replace(draft.entries[-1], on=False))
    write_recipe(tmp_path / "mine.toml", draft)
    found = read_recipe(tmp_path / "mine.toml")
    assert [(e.settings, e.on) for e in found.entries] == [(e.settings, e.on) for e in draft.entries]
    assert (found.name, found.start, found.method) == (draft.name, draft.start, draft.method)
    assert found.recipe() == draft.recipe()
    assert found.recipe().stages[-1].stage == "vertex"
    with pytest.raises(FileError, match="already exists"):
        write_recipe(tmp_path / "mine.toml", draft)


def test_a_file_need_say_only_what_differs(tmp_path: Path) -> None:
    file = tmp_path / "hands.toml"
    file.write_text("[[stages]]\nstage = 'vertex'\niterations = 20\nweights.hands = 3\npose_prior = 1\n")
    found = read_recipe(file)
    assert found.name == "hands"
    wanted = FitSettings(iterations=20, part_weights=(1, 1, 1, 3, 1, 1), pose_prior=1)
    assert found.recipe().stages == (wanted,)
    assert "# a whole number, 1 to 200 iterations" in recipe_text(found)


@pytest.mark.parametrize(
    ("text", "key", "sentence"),
    [
        ("[[stages]]\nstage='vertex'\niterations=500", "iterations", "of stage 1 (vertex) is 500, expected"),
        ("[[stages]]\n[[stages]]\niteration=5", "iteration", "of stage 2 is no setting; did you mean"),
        ("[[stages]]\niterations='x'", "iterations", "of stage 1 is 'x', expected a whole number"),
        ("[[stages]]\niterations=true", "iterations", "is true, expected a whole number"),
        ("[[stages]]\nfree_jaw=1", "free_jaw", "is 1, expected true or false"),
        ("[[stages]]\nfree_body='auto'", "free_body", "is 'auto', expected true or false"),
        ("[[stages]]\npose_prior=nan", "pose_prior", "is nan, expected a number, 0 to 10 m²/rad²"),
        ("[[stages]]\nrobust='hubert'", "robust", "expected one of none, huber, geman-mcclure"),
        ("[[stages]]\nweights.hand=3", "weights.hand", "is no body part; did you mean 'hands'?"),
        ("[[stages]]\nweights.hands=1000", "weights.hands", "is 1000, expected a number, 0 to 100"),
        ("[[stages]]\nweights=3", "weights", "is 3, expected numbers by part: head"),
        ("[[stages]]\non=1", "on", "is 1, expected true or false"),
        ("stages=3", "stages", "is 3, expected one or more tables [[stages]]"),
        ("name='x'", "stages", "is missing"),
        ("stage=1\n[[stages]]", "stage", "did you mean 'stages'?"),
        ("start='x'\n[[stages]]", "start", "is 'x', expected one of source, parts, current"),
        ("name=3\n[[stages]]", "name", "is 3, expected a text"),
        ("[[stages]]\nvertex_weight=0", None, "stage 1: vertex_weight and edge_weight are both 0"),
        ("x", None, "is no TOML"),
        ("[" * 5000, None, "is no TOML"),
        ("x=" + "[\n" * 5000, None, "is no TOML"),
        (f"[[stages]]\niterations={'9' * 1900}", "iterations", "expected a whole number"),
        (f"[[stages]]\npose_prior={'9' * 1900}", "pose_prior", "many digits, expected a number"),
        (f"[[stages]]\nweights.hands={'9' * 1900}", "weights.hands", "many digits, expected a number"),
        (f"name {'9' * 1900}", None, '99" at line 1 col'),
        (f"[[stages]]\niterations={'9' * 4000}", None, "is no TOML: line 2 has 4,011 characters"),
    ],
)  # fmt: skip
def test_one_sentence_names_file_key_found_and_expected(
    tmp_path: Path, text: str, key: str | None, sentence: str
) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(text)
    with pytest.raises(FileError) as caught:
        read_recipe(file)
    assert caught.value.key == key
    assert sentence in str(caught.value)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_what_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe\x00")
    for name, sentence in (
        ("a.toml", "is no text"),
        ("none.toml", "there is no such file"),
        (".", "is a folder"),
    ):
        with pytest.raises(FileError, match=sentence):
            read_recipe(tmp_path / name)


def test_assignments() -> None:
    draft = Draft.of(PRESETS["published"])
    changed = assigned(draft, ["vertex.weights.hands=3", "1.iterations=40", "start=source"])
    assert changed.name == "published (changed)"
    assert changed.recipe().start == "source"
    assert changed.recipe().stages[0].iterations == 40
    assert changed.recipe().stages[2].part_weights == (1, 1, 1, 3, 1, 1)
    assert changed.entries[0].changed("iterations")
    assert not changed.entries[1].changed("iterations")
    assert assigned(draft, []) == draft
    assert assigned(Draft.of(ACCURATE), ["vertex.iterations=40"]).recipe() == ACCURATE


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("vertex.iterations", "is no assignment; for example"),
        ("vertex.iterations=5.5", "--set vertex.iterations: is 5.5, expected a whole number"),
        ("vertex.iteration=5", "'iteration' is no setting; did you mean 'iterations'?"),
        ("edge.iterations=3", "the recipe has no stage 'edge', it has vertex."),
        ("2.iterations=3", "the recipe has no stage 2, its stages are 1 to 1."),
        ("vertex.weights=3", "says no part"),
        ("vertex.weights.hands=x", "is 'x', expected a number, 0 to 100."),
        ("vertex.stage=edge", "'stage' is no setting"),
        ("start=x", "is 'x', expected one of source, parts, current."),
        ("iterations=3", "is no setting of a recipe"),
        ("vertex.vertex_weight=0", "both 0"),
    ],
)  # fmt: skip
def test_assignments_that_are_wrong(text: str, sentence: str) -> None:
    with pytest.raises(RefitError) as caught:
        assigned(Draft.of(ACCURATE), [text])
    assert sentence in str(caught.value)


def test_drafts() -> None:
    draft = Draft.of(ACCURATE).added("edge").added("translation")
    kinds = [entry.settings.stage for entry in draft.entries]
    assert kinds == ["vertex", "edge", "translation"]
    moved = draft.moved(0, 1)
    assert [entry.settings.stage for entry in moved.entries] == ["edge", "vertex", "translation"]
    assert draft.moved(0, -1) == draft == draft.moved(2, 1)
    assert len(draft.doubled(1).entries) == 4
    assert draft.doubled(1).entries[2] == draft.entries[1]
    assert len(draft.removed(0).removed(0).removed(0).entries) == 1
    changed = draft.set(0, replace(draft.entries[0].settings, iterations=3))
    assert changed.entries[0].changed("iterations")
    assert not changed.settled().entries[0].changed("iterations")
    assert Draft.from_dict(changed.as_dict()) == changed
    with pytest.raises((ValueError, KeyError)):
        Draft.from_dict({"stages": []})
