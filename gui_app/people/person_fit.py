"""A person of a file fitted behind the window, while another one is looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.fitting.no_progress import ProgressClock
from gui_app.document.history import DocumentStep
from gui_app.document.run_status import RunStatus
from gui_app.document.saved_fits import FiledFits
from gui_app.files.open import open_motion, open_stored
from gui_app.files.open_controller import OpenRequest
from gui_app.fit.fit_worker import RunReply, RunRequest, run_fit
from gui_app.people.left import Left
from gui_app.tasks.background_job import tell_nobody

if TYPE_CHECKING:
    import threading

    from core.fitting.recipe.recipe import Recipe

STEP = "fit of all frames"


@dataclass(frozen=True, eq=False)
class PersonRequest:
    """Everything that the fit of a person needs, frozen when it is asked for.

    Attributes:
        request: how the person is read; None where there is no file.
        left: as they were left; None where nobody has looked at them.
        recipe: how to fit.
        device: as `core.fitting.devices.pick_device` takes it.
        threads: on the processor; None for one each.
        stop: set where it is not wanted any more.
    """

    request: OpenRequest | None
    left: Left | None
    recipe: Recipe
    device: str
    threads: int | None
    stop: threading.Event


def fit_person(asked: PersonRequest, progress: Callable[[RunStatus], None]) -> tuple[Left, RunReply]:
    """Fits all frames of a person, and gives them as left behind it: one step more to undo.

    Raises:
        RefitError: the person cannot be read, or not be fitted.
    """
    left = asked.left or _untouched(asked.request)
    opened, snapshot, recipe = left.opened, left.snapshot, asked.recipe
    earlier = snapshot.result
    if recipe.start == "current" and (earlier is None or not earlier.fitted.any()):
        recipe = replace(recipe, start="source")
    reply = run_fit(
        RunRequest(
            opened.motion_at(snapshot.given_rate),
            opened.bodies,
            recipe,
            "all frames",
            None,
            earlier,
            0,
            asked.device,
            asked.threads,
            asked.stop,
        ),
        ProgressClock(),
        progress,
        tell_nobody,
    )
    return (left if reply.result is None else with_step(left, reply)), reply


def with_step(left: Left, reply: RunReply) -> Left:
    """A person with one fit more; what could be redone is gone, as after any other step."""
    snapshot = replace(left.snapshot, result=reply.result)
    step = DocumentStep(STEP, snapshot.at_its_rate()).for_session()
    before = left.session.steps[: left.session.at + 1]
    session = replace(left.session, steps=(*before, step), at=len(before))
    return Left(replace(left.opened, result=step.result, session=session), session, snapshot.at_its_rate())


def _untouched(request: OpenRequest | None) -> Left:
    """A person whom nobody has looked at yet."""
    from core.session.session import Session, SourceFile

    assert request is not None
    assert request.path is not None
    if request.stored is not None:
        opened = replace(open_stored(request.path, request.stored, request.models), beside=True)
        now = DocumentStep.of_session(request.stored.now, opened.bodies.correspondence).snapshot
        filed = FiledFits()
        filed.begin(now, in_a_file=not request.left_over)
        if not request.left_over:
            filed.add_snapshot(request.path, now)
        return Left(replace(opened, filed=filed), request.stored, now)
    opened = open_motion(request.path, request.models, request.answer, None, request.targets)
    snapshot, filed = opened.without_fit(), FiledFits()
    filed.begin(snapshot, in_a_file=True)
    first = DocumentStep("", snapshot).for_session()
    target = opened.bodies.target.family
    session = Session(SourceFile.of(opened.motion), opened.motion, (first,), 0, {}, target)
    return Left(replace(opened, session=session, beside=True, filed=filed), session, snapshot)
