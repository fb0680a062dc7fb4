"""What is open now, and how it is looked at, as a session, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject

from core.model.fit_result import covers_more
from core.shown_text import shown
from gui_app.document.history import DocumentStep, History
from gui_app.document.recipe_editor import RecipeDesk
from gui_app.document.state import AppState
from gui_app.document.view import MOST_RULERS, Ruler, SecondFit
from gui_app.history.side_by_side import SideBySide
from gui_app.scene.cameras import CameraPose
from gui_app.scene.skin_colours import DIFFERENCE
from gui_app.scene.view_options import COLOURINGS, LAYERS, LAYOUTS, LEAST_OPACITY, Layers
from gui_app.viewport.viewport import Viewport

if TYPE_CHECKING:
    from core.session.session import Session

# How things are looked at, in the plain values of a session, and back.

Word = TypeVar("Word", bound=str)
MOST_METRES = 1e4


def view_of(state: AppState, viewport: Viewport) -> dict[str, Any]:
    """Frame, selection, layout, colours, layers and camera."""
    pose = viewport.scene.camera.pose
    return {
        "frame": state.playback.frame,
        "selection": None if state.playback.selection is None else list(state.playback.selection),
        "layout": state.view.layout,
        "colouring": state.view.colouring,
        "range_mm": state.view.range_mm,
        "apart_mm": state.view.apart_mm,
        "follow": state.view.follow,
        "parallel": state.view.parallel,
        "layers": asdict(state.view.layers),
        "speed": state.playback.speed,
        "loop": state.playback.loop,
        "rulers": [[*one.first, *one.second] for one in state.view.rulers],
        "camera": pose.to_json(),
    }


def show_view(view: Mapping[str, Any], state: AppState, viewport: Viewport) -> None:
    """Shows things as `view_of` found them; what is missing or makes no sense stays as it is."""
    state.view.change(
        layout=_among(view.get("layout"), LAYOUTS),
        colouring=_among(view.get("colouring"), COLOURINGS),
        range_mm=_number(view.get("range_mm"), 0.1, 1e4),
        apart_mm=_number(view.get("apart_mm"), 0.1, 1e4),
        follow=_flag(view.get("follow")),
        parallel=_flag(view.get("parallel")),
        layers=_layers(view.get("layers"), state.view.layers),
    )
    speed, loop = _number(view.get("speed"), 0.0, 100.0), _flag(view.get("loop"))
    if speed is not None:
        state.playback.set_speed(speed)
    if loop is not None:
        state.playback.set_loop(loop)
    frame, selection = view.get("frame"), view.get("selection")
    if isinstance(frame, int):
        state.playback.set_frame(frame)
    if isinstance(selection, list) and len(selection) == 2 and all(isinstance(x, int) for x in selection):
        state.playback.set_selection((selection[0], selection[1]))
    state.view.set_rulers(_rulers(view.get("rulers"), state))
    pose = CameraPose.of_json(view.get("camera"), MOST_METRES)
    if pose is not None:
        viewport.look_from(pose)


def _among(value: object, choices: tuple[Word, ...]) -> Word | None:
    return next((choice for choice in choices if choice == value), None)


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _number(value: object, least: float, most: float) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and least <= value <= most:
        return float(value)
    return None


def _layers(value: object, now: Layers) -> Layers:
    if not isinstance(value, dict):
        return now
    flags = {name: value[name] for name in LAYERS if isinstance(value.get(name), bool)}
    opacity = _number(value.get("opacity"), LEAST_OPACITY, 1.0)
    return replace(now, opacity=now.opacity if opacity is None else opacity, **flags)


def _rulers(value: object, state: AppState) -> tuple[Ruler, ...]:
    """Those whose ends there are; earlier versions kept none."""
    opened = state.document.opened
    if not isinstance(value, list) or opened is None:
        return state.view.rulers
    sizes = {"source": opened.bodies.source.num_vertices, "fit": opened.bodies.target.num_vertices}
    found = []
    for stored in value[-MOST_RULERS:]:
        if isinstance(stored, list) and len(stored) == 4:
            ends = [
                (body, vertex) for body, vertex in (stored[:2], stored[2:]) if _is_end(body, vertex, sizes)
            ]
            if len(ends) == 2:
                found.append(Ruler(*ends))
    return tuple(found)


def _is_end(body: object, vertex: object, sizes: Mapping[str, int]) -> bool:
    known = isinstance(body, str) and body in sizes
    return known and isinstance(vertex, int) and 0 <= vertex < sizes[body]  # type: ignore[index]


UNFINISHED = "unfinished fit"
OF_MOTION = ("selection", "rulers")
"""What a view tells of the motion itself, and not of how it is looked at."""


class SessionNow(QObject):
    """Takes the session that there is at a moment; nothing in it changes afterwards."""

    def __init__(
        self,
        state: AppState,
        history: History,
        recipes: RecipeDesk,
        beside: SideBySide,
        viewport: Viewport,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._state, self._history, self._recipes, self._viewport = state, history, recipes, viewport
        self._people: Callable[[], Iterable[Session]] = tuple
        self._beside = beside

    def look_as(self, session: Session) -> None:
        """Of a session that is open: its recipe is on the desk, and it is looked at as it was left."""
        show_view(session.view, self._state, self._viewport)
        self._recipes.lay(session.view.get("recipe"))
        self._compare_as(session)

    def select_as(self, session: Session) -> None:
        """Of another person of what is open: what was marked of their motion and compared of their fits is
        again, and all is looked at as it is."""
        view = {name: session.view[name] for name in OF_MOTION if name in session.view}
        show_view(view, self._state, self._viewport)
        self._compare_as(session)

    def _compare_as(self, session: Session) -> None:
        made = session.compared
        second = None
        if made is not None and made.result is not None and made.result.fitted.any():
            second = SecondFit(made.result, shown(made.name))
        difference = session.view.get("colouring") == DIFFERENCE.name
        self._beside.restore(session.view.get("beside"), second, difference)

    def take(
        self,
        *,
        with_motion: bool = True,
        unfinished: bool = True,
        most_bytes: int | None = None,
        alone: bool = False,
    ) -> Session | None:
        """The session, None while nothing is open.

        Args:
            with_motion: the motion itself goes along, not only the name of its file.
            unfinished: so does what a run that goes on has reached.
            most_bytes: the oldest steps are left out beyond this size in memory, and all but the last of
                people who are not shown.
            alone: without those.
        """
        from core.session.session import Session, SessionStep, SourceFile

        opened = self._state.document.opened
        if opened is None:
            return None
        document, history = self._state.document, self._history
        steps, at = list(history.steps), history.at
        earlier = steps[at].result
        if unfinished and self._state.activity.run.active and document.result is not earlier:
            # A run that goes on has shown frames already: a step that is not over.
            steps = [*steps[: at + 1], DocumentStep(UNFINISHED, document.snapshot)]
            # As where a run is cancelled, an earlier fit of more frames stays; redo has what was finished.
            if earlier is None or document.result is None or not covers_more(earlier, document.result):
                at += 1
        if most_bytes is not None:
            first = min(_first_kept(steps, most_bytes), at)
            steps, at = steps[first:], at - first
        motion = opened.motion if with_motion else None
        view = {**view_of(self._state, self._viewport), "recipe": self._recipes.as_dict()}
        beside, made = self._beside.kept(steps), self._beside.made(steps)
        if beside is not None:
            view["beside"] = beside
        compared = None if made is None else SessionStep(made.result, name=made.name)
        kept = tuple(step.for_session() for step in steps)
        people = () if alone else tuple(map(partial(_person, with_motion, most_bytes), self._people()))
        target = opened.bodies.target.family
        source = SourceFile.of(opened.motion)
        return Session(source, motion, kept, at, view, target, people, compared)

    def keep_people(self, people: Callable[[], Iterable[Session]]) -> None:
        """Other people of the file that is open belong to its session; ``people`` has them as they are."""
        self._people = people


def _person(with_motion: bool, most_bytes: int | None, session: Session) -> Session:
    """A person who is not shown, for the session of another."""
    if most_bytes is not None:
        view = {name: value for name, value in session.view.items() if name != "beside"}
        session = replace(session, steps=(session.now,), at=0, view=view)
    return session if with_motion else replace(session, motion=None)


def _first_kept(steps: list[DocumentStep], most_bytes: int) -> int:
    """Index of the oldest step that is kept if all together may take ``most_bytes``."""
    sizes: dict[int, int] = {}
    for index in range(len(steps) - 1, -1, -1):
        sizes.update((id(array), array.nbytes) for array in steps[index].snapshot.arrays())
        if sum(sizes.values()) > most_bytes:
            return index + 1
    return 0
