"""Secants on a quadratic whose matrix is known only in part."""

from __future__ import annotations

import torch
from torch import Tensor

from core.fitting.solver.linear_solve import MOST_PAIRS, Secants

FRAMES, UNKNOWNS = 3, 6


def quadratic(seed: int, wrong: int) -> tuple[Tensor, Tensor]:
    """(n, D, D) true matrices, and matrices that are three times too small along ``wrong`` directions."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(FRAMES, UNKNOWNS, UNKNOWNS, generator=generator, dtype=torch.float64)
    axes, _ = torch.linalg.qr(noise)
    scale = torch.linspace(1, 4, UNKNOWNS, dtype=torch.float64)
    short = scale.clone()
    short[:wrong] /= 3
    return (axes * scale) @ axes.mT, (axes * short) @ axes.mT


def descend(secants: Secants | None, wrong: int, steps: int) -> Tensor:
    """(n,) length of the gradient after some steps with half their length, so that none overshoots."""
    true, assumed = quadratic(0, wrong)

    def solve(slope: Tensor) -> tuple[Tensor, Tensor]:
        step = -0.5 * torch.linalg.solve(assumed, slope)
        return step, -0.5 * (slope * step).sum(1)

    place = torch.ones(FRAMES, UNKNOWNS, dtype=torch.float64)
    slope = (true @ place[..., None]).squeeze(-1)
    for _ in range(steps):
        step, predicted_reduction = secants.step(slope, solve) if secants else solve(slope)
        assert (predicted_reduction > 0).all()
        place = place + step
        after = (true @ place[..., None]).squeeze(-1)
        if secants:
            secants.learn(step, after - slope, torch.ones(FRAMES, dtype=torch.bool))
        slope = after
    return slope.norm(dim=1)


def test_they_end_near_the_optimum_where_plain_steps_do_not() -> None:
    plain, taught = descend(None, 2, 8), descend(Secants(), 2, 8)
    assert (taught < 0.05 * plain).all()


def test_they_satisfy_the_secant_equation() -> None:
    true, assumed = quadratic(1, 3)
    step = torch.randn(FRAMES, UNKNOWNS, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    change = (true @ step[..., None]).squeeze(-1)
    secants = Secants()
    secants.learn(step, change, torch.ones(FRAMES, dtype=torch.bool))

    def solve(slope: Tensor) -> tuple[Tensor, Tensor]:
        return -torch.linalg.solve(assumed, slope), slope.new_zeros(FRAMES)

    found, _ = secants.step(change, solve)
    assert torch.allclose(found, -step)


def test_nothing_is_learnt_from_steps_taken_back_or_of_negative_curvature() -> None:
    slope = torch.randn(FRAMES, UNKNOWNS, generator=torch.Generator().manual_seed(3))

    def solve(given: Tensor) -> tuple[Tensor, Tensor]:
        return -given, 0.5 * given.square().sum(1)

    secants = Secants()
    secants.learn(slope, slope, torch.zeros(FRAMES, dtype=torch.bool))
    secants.learn(slope, -slope, torch.ones(FRAMES, dtype=torch.bool))
    assert torch.allclose(secants.step(slope, solve)[0], -slope)


def test_frames_are_forgotten_one_by_one_and_old_pairs_first() -> None:
    secants = Secants()
    for number in range(MOST_PAIRS + 2):
        step = torch.full((FRAMES, UNKNOWNS), float(number + 1))
        secants.learn(step, step, torch.ones(FRAMES, dtype=torch.bool))
    assert [float(step[0, 0]) for step, _, _ in secants.pairs] == [3, 4, 5, 6]
    secants.keep(torch.tensor([True, False, True]))
    assert {len(part) for pair in secants.pairs for part in pair} == {2}
