"""Frames fitted joint by joint from the root, each with all that hangs below it; then coefficients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from torch import Tensor

from core.fitting.objective.pose import Pose
from core.fitting.objective.term import Terms
from core.fitting.solver.convergence import promises_little
from core.fitting.solver.gauss_newton import PoseFit, SolverContext, fit_poses


def down_the_chain(
    by: SolverContext, pose: Pose, targets: Tensor, terms: Terms, parents: np.ndarray
) -> PoseFit | None:
    """Fits n frames link by link.

    Args:
        by: what all frames share, with all that is free.
        pose: where they begin.
        targets: (V, 3, n) metres.
        terms: of the frames beside the data term.
        parents: (J,) of the target's joints.

    Returns:
        None where nothing is free, or before the first link has been fitted.
    """
    unknowns, found = by.unknowns, None
    links = [unknowns.alone(int(j), parents) for j in unknowns.free]
    if len(unknowns.coefficients):
        links.append(unknowns.without_joints())
    for link in links:
        found = fit_poses(replace(by, unknowns=link), pose, targets, terms)
        pose = found.pose
        if by.stopped():
            break
    if found is not None:
        # Every joint by itself may be at its best while all of them together are not.
        found.converged = promises_little(by, found.pose, targets, terms)
    return found
