"""What every term of the objective owes the solver, asked of all that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

import core.fitting.terms
from core.files.builtin_files import manual_folder
from core.fitting.objective.pose import Pose
from core.fitting.recipe.setting_rules import SETTINGS
from core.fitting.recipe.settings import FitSettings
from core.model.skinning import rotation_matrices
from tests.core.fitting.terms.made_terms import FRAMES, Case, body, cases, modules, random_pose

CASES = dict(cases())
each_term = pytest.mark.parametrize("name", CASES)


def test_every_module_of_the_folder_is_a_term_that_a_setting_weighs() -> None:
    folder = Path(core.fitting.terms.__file__).parent
    assert {path.stem for path in folder.glob("*.py")} == {"__init__", "given", *modules()}
    weighed = {name.partition(",")[0] for name in CASES}
    assert weighed == {"data", *(name for name, item in SETTINGS.items() if item.metadata["term"])}


@pytest.mark.parametrize("name", [name for name, item in SETTINGS.items() if item.metadata["term"]])
def test_it_is_told_with_the_others(name: str) -> None:
    """In the manual by its label, in the docstring of all settings by its name."""
    page = (manual_folder() / "method.md").read_text(encoding="utf-8")
    _, _, told = page.partition("## What is minimised")
    label = SETTINGS[name].metadata["label"].lower()
    assert re.search(rf"\b{label}\b", told.partition("\n## ")[0].lower()), f"{label} is not in method.md"
    assert re.search(rf"\b{name}\b", FitSettings.__doc__ or ""), f"{name} is not in FitSettings"


def test_new_terms_are_off_at_first() -> None:
    """What an earlier version wrote says nothing of them."""
    assert not FitSettings().smoothness
    assert not FitSettings().acceleration
    assert not FitSettings().coupled
    assert FitSettings(acceleration=1e-3).coupled


@each_term
def test_its_gradient_is_that_of_its_value(name: str) -> None:
    case = CASES[name]
    if name.startswith("data"):
        # The skin poses without autograd.
        check_by_differences(case)
        return
    step = torch.zeros(case.size, dtype=torch.float64, requires_grad=True)
    value = case.term.value(case.at(step))
    (expected,) = torch.autograd.grad(value.sum(), step)
    value = value.detach()
    found, slope = case.slope(case.at())
    assert value.shape == (FRAMES,)
    assert torch.allclose(found, value, rtol=1e-12)
    assert float(value.sum()) > 0
    assert torch.allclose(slope, expected, atol=1e-9 * float(expected.abs().max()))


def check_by_differences(case: Case) -> None:
    _, slope = case.slope(case.at())
    generator = torch.Generator().manual_seed(1)
    for _ in range(3):
        way = torch.randn(case.size, generator=generator, dtype=torch.float64)
        ahead, behind = (case.term.value(case.at(sign * 1e-5 * way)).sum() for sign in (1, -1))
        assert float(slope @ way) == pytest.approx(float(ahead - behind) / 2e-5, rel=1e-6)


@each_term
def test_its_blocks_are_symmetric_and_have_no_negative_curvature(name: str) -> None:
    case = CASES[name]
    for block in case.blocks(case.at())[:1]:
        assert torch.allclose(block, block.transpose(1, 2), atol=1e-9 * float(block.abs().max()))
    values = torch.linalg.eigvalsh(case.matrix(case.at()))
    assert float(values[0]) >= -1e-9 * float(values[-1])
    assert float(values[-1]) > 0


@each_term
def test_it_couples_frames_as_far_apart_as_it_says(name: str) -> None:
    case = CASES[name]
    size = case.size // FRAMES
    generator = torch.Generator().manual_seed(2)
    seen = 0
    for frame in range(FRAMES):
        way = torch.zeros(FRAMES, size, dtype=torch.float64)
        way[frame] = 1e-2 * torch.randn(size, generator=generator, dtype=torch.float64)
        _, before = case.slope(case.at())
        _, after = case.slope(case.at(way.flatten()))
        changed = (after - before).view(FRAMES, size).abs().amax(1) > 1e-9 * float(before.abs().max())
        seen = max([seen, *(abs(int(other) - frame) for other in torch.nonzero(changed))])
    assert seen == case.term.apart
    assert (case.term.strength > 0) == (case.term.apart > 0)
    declared = SETTINGS.get(name.partition(",")[0])
    if declared is not None and "previous" not in name:
        assert declared.metadata["apart"] == case.term.apart


def settled(case: Case) -> Case:
    """The term by itself at its best from a little off, by Gauss-Newton steps with its own blocks."""
    target = body()
    off, shift, coefficients = (0.1 * value for value in random_pose(target, 7))
    pose = Pose(rotation_matrices(off) @ case.pose.world, case.pose.root + shift, coefficients)
    here = Case(case.term, case.unknowns, case.body, pose)
    for _ in range(40):
        _, slope = here.slope(here.at())
        if float(slope.abs().max()) < 1e-12:
            break
        matrix = here.matrix(here.at())
        matrix = matrix + 1e-9 * float(matrix.diagonal().max()) * torch.eye(case.size).double()
        step = -torch.linalg.solve(matrix, slope)
        here = Case(case.term, case.unknowns, case.body, here.moved(here.pose, step))
    return here


@each_term
def test_steps_by_its_own_blocks_lead_to_its_best(name: str) -> None:
    """There the blocks are the change of the gradient, as those of a small residual are."""
    start = float(CASES[name].slope(CASES[name].at())[0].sum())
    case = settled(CASES[name])
    value, slope = case.slope(case.at())
    # With a residual that is left, steps come to their end more slowly.
    assert float(slope.abs().max()) < (1e-3 if "much held" in name else 1e-6) * start
    if "much held" in name:
        return
    assert float(value.sum()) < 1e-8 * start
    matrix = case.matrix(case.at())
    generator = torch.Generator().manual_seed(3)
    way = torch.randn(case.size, generator=generator, dtype=torch.float64)
    _, ahead = case.slope(case.at(1e-4 * way))
    _, behind = case.slope(case.at(-1e-4 * way))
    change, said = (ahead - behind) / 2e-4, matrix @ way
    assert float((change - said).abs().max()) < 1e-3 * float(said.abs().max())


@each_term
def test_some_frames_of_it_are_those_frames(name: str) -> None:
    case = CASES[name]
    if case.term.apart:
        with pytest.raises(TypeError, match="cannot be taken apart"):
            case.term[:2]
        return
    some = torch.tensor([4, 1])
    at = type(case.at())(case.body.tree, case.pose[some])
    assert torch.allclose(case.term[some].value(at), case.term.value(case.at())[some], rtol=1e-12)
