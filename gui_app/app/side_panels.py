"""The panels beside the bodies. Each is made when it is first asked for: a start need not wait for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial, wraps
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QMainWindow

from gui_app.document.actions import Actions
from gui_app.document.inspect_selection import panel_of
from gui_app.document.preferences import Preferences
from gui_app.document.state import AppState
from gui_app.widgets.buttons import NO_PANEL, NOTHING_CHOSEN, allow
from gui_app.widgets.panels import PANEL, PANELS

if TYPE_CHECKING:
    from gui_app.document.history import History
    from gui_app.document.inspect_selection import Inspection
    from gui_app.document.recipe_editor import RecipeDesk
    from gui_app.document.rest_distance import RestDistance
    from gui_app.fit.fit_controller import FitController
    from gui_app.history.comparison import BeforeFit
    from gui_app.history.panel import RunsDock
    from gui_app.history.side_by_side import SideBySide
    from gui_app.inspect.looked_into import LookedInto
    from gui_app.inspect.model_panel import ModelDock
    from gui_app.inspect.panel import JointsDock
    from gui_app.library.clip_fits import ClipFits
    from gui_app.library.library import Library
    from gui_app.library.panel import LibraryDock
    from gui_app.mask.painting import MaskPainting
    from gui_app.mask.panel import MaskDock
    from gui_app.mask.remeasure import MaskFigures
    from gui_app.parameters.editing import Editing
    from gui_app.parameters.panel import ParametersDock
    from gui_app.problems.fix_trial import Fixing
    from gui_app.problems.model import ProblemDesk
    from gui_app.problems.navigation import ProblemSteps
    from gui_app.problems.panel import ProblemsDock
    from gui_app.problems.selection import ProblemChoice
    from gui_app.problems.verdicts import ProblemVerdicts
    from gui_app.stages.panel import StagesDock
    from gui_app.timeline.curves import Curves
    from gui_app.viewport.pins import Pins
    from gui_app.viewport.vertex_probe import VertexProbe
    from gui_app.viewport.viewport import Viewport
    from gui_app.widgets.docks import PanelDock

Dock = TypeVar("Dock", bound="PanelDock")

OPEN = "open_panels"
ALSO_ASK = {"steps": "stages"}
"""Further actions that show something in a panel."""


@dataclass(frozen=True)
class PanelParts:
    """What the panels show, and what does the work that is asked for in them."""

    state: AppState
    actions: Actions
    preferences: Preferences
    history: History
    recipes: RecipeDesk
    fitting: FitController
    before: BeforeFit
    beside: SideBySide
    fixing: Fixing
    verdicts: ProblemVerdicts
    desk: ProblemDesk
    problem_steps: ProblemSteps
    problem_choice: ProblemChoice
    editing: Editing
    painting: MaskPainting
    figures: MaskFigures
    inspection: Inspection
    rest: RestDistance
    pins: Pins
    viewport: Viewport
    probe: VertexProbe
    curves: Curves
    library: Library
    clip_fits: ClipFits


def _when_asked(make: Callable[[SidePanels], Dock]) -> cached_property[Dock]:
    """Makes a panel once, and gives it its place in the window."""

    @wraps(make)
    def placed(panels: SidePanels) -> Dock:
        # What is shown meanwhile asks for it again.
        panels.made.add(make.__name__)
        dock = make(panels)
        dock.stand_in(panels.window)
        return dock

    return cached_property(placed)


class SidePanels(QObject):
    """Every panel of a window, by name. What belongs to one alone is made along with it.

    Args:
        parts: what they show and ask.
        window: where they have their place.

    Attributes:
        made: names of those that are made, or about to be.
    """

    def __init__(self, parts: PanelParts, window: QMainWindow) -> None:
        super().__init__(window)
        self.parts, self.window = parts, window
        self.made: set[str] = set()
        self._docks: dict[str, PanelDock] = {}
        actions = parts.actions
        asking = [(panel.shown_by, panel.name) for panel in PANELS]
        for action, name in (*asking, *ALSO_ASK.items()):
            getattr(actions, action).toggled.connect(partial(self._ask, name))
        # They work in a panel that is open; until then nobody else would say so.
        allow(actions.choose_none, NOTHING_CHOSEN)
        for idle in (actions.mask_brush, actions.mask_lasso):
            allow(idle, NO_PANEL)

    @_when_asked
    def library(self) -> LibraryDock:
        """The clips of a folder."""
        from gui_app.library.panel import LibraryDock, LibraryPanel

        parts, window = self.parts, self.window
        panel = LibraryPanel(parts.library, parts.clip_fits, parts.preferences, parts.actions, window)
        return LibraryDock(panel, parts.actions, window)

    @_when_asked
    def parameters(self) -> ParametersDock:
        """The numbers of the frame."""
        from gui_app.parameters.panel import ParametersDock

        parts, window = self.parts, self.window
        return ParametersDock(
            parts.state.document, parts.state.playback, parts.editing, parts.actions.parameters, window
        )

    @_when_asked
    def stages(self) -> StagesDock:
        """The stages of a fit."""
        from gui_app.stages.panel import StagesDock, StagesPanel

        parts, window = self.parts, self.window
        panel = StagesPanel(
            parts.state, parts.fitting, parts.recipes, parts.actions, parts.preferences, window
        )
        return StagesDock(panel, parts.actions.stages, window)

    @_when_asked
    def runs(self) -> RunsDock:
        """The history."""
        from gui_app.history.panel import RunsDock, RunsPanel

        parts, window = self.parts, self.window
        panel = RunsPanel(
            parts.state.document, parts.state.activity, parts.history, parts.before, parts.beside, window
        )
        return RunsDock(panel, parts.actions, window)

    @_when_asked
    def problems(self) -> ProblemsDock:
        """The problem frames."""
        from gui_app.problems.change_summary import LastChange
        from gui_app.problems.panel import ProblemsDock, ProblemsPanel

        parts, window = self.parts, self.window
        last = LastChange(
            parts.state.document, parts.state.activity, parts.history, parts.before, parts.desk, parts.actions
        )
        panel = ProblemsPanel(
            parts.state,
            parts.desk,
            parts.verdicts,
            parts.problem_choice,
            last,
            parts.fixing,
            parts.preferences,
            parts.actions,
            window,
        )
        panel.sought.connect(parts.problem_steps.show)
        return ProblemsDock(panel, parts.actions, window)

    @cached_property
    def looked_into(self) -> LookedInto:
        """What joints and model inspector share."""
        from gui_app.inspect.looked_into import LookedInto

        parts = self.parts
        shared = LookedInto(
            parts.state,
            parts.inspection,
            parts.viewport,
            parts.probe,
            parts.actions.choose_none,
            self.window,
        )
        parts.curves.accompany(parts.inspection, shared.motion)
        parts.inspection.page_changed.connect(self._show_page)
        return shared

    @_when_asked
    def joints(self) -> JointsDock:
        """Joints and vertices, and what of them shows on the bodies."""
        from gui_app.inspect.panel import JointsDock, JointsPanel

        parts = self.parts
        panel = JointsPanel(
            parts.state,
            parts.inspection,
            parts.viewport,
            parts.preferences,
            self.looked_into,
            parts.rest,
            self.window,
        )
        return JointsDock(panel, parts.inspection, parts.actions, self.window)

    @_when_asked
    def inspector(self) -> ModelDock:
        """The regressor, the correspondence and joint sets, and what of them shows on the bodies."""
        from gui_app.inspect.correspondence.difference_in_view import DifferenceInView
        from gui_app.inspect.model_panel import ModelDock, ModelPanel

        parts = self.parts
        panel = ModelPanel(
            parts.state,
            parts.inspection,
            parts.viewport,
            parts.preferences,
            self.looked_into,
            parts.pins,
            self.window,
        )
        DifferenceInView(parts.inspection, panel.maps, parts.viewport, parts.probe)
        parts.probe.markers = panel.sets.in_view
        return ModelDock(panel, parts.inspection, parts.actions, self.window)

    @_when_asked
    def masks(self) -> MaskDock:
        """The mask and the weights of vertices, with what paints them on the fit."""
        from gui_app.mask.panel import MaskDock

        parts, window = self.parts, self.window
        dock = MaskDock(
            parts.state,
            parts.painting,
            parts.figures,
            parts.editing,
            parts.viewport,
            parts.probe,
            parts.preferences,
            parts.actions,
            window,
        )
        return dock

    def present(self) -> list[PanelDock]:
        """The panels that are made, in the order of `PANELS`."""
        return [self.dock(panel.name) for panel in PANELS if panel.name in self.made]

    def restore(self, stored: Preferences) -> None:
        """Makes those that were open the last time, before the window takes its layout again."""
        for name in stored.text(OPEN, "").split():
            if name in PANEL:
                self.parts.actions.panel(name).setChecked(True)

    def store(self, stored: Preferences) -> None:
        """Remembers which are open."""
        actions = zip(PANELS, self.parts.actions.panels, strict=True)
        shown = (panel.name for panel, action in actions if action.isChecked())
        stored.store(OPEN, " ".join(shown))

    def dock(self, name: str) -> PanelDock:
        """A panel by name, made when it is first asked for."""
        described = PANEL[name]
        if not described.dock:
            return getattr(self, name)
        if name not in self._docks:
            self.made.add(name)
            module, _, kind = described.dock.partition(":")
            dock = getattr(import_module(module), kind)(self.parts, self.window)
            self._docks[name] = dock
            dock.stand_in(self.window)
        return self._docks[name]

    @Slot()
    def _show_page(self) -> None:
        # One page leads to another, which may be of a panel that is closed.
        panel = panel_of(self.parts.inspection.page)
        if self.parts.inspection.active:
            self.parts.actions.panel(panel).setChecked(True)

    @Slot(bool)
    def _ask(self, name: str, wanted: bool) -> None:
        if wanted and name not in self.made:
            self.dock(name)
