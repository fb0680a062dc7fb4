"""The panels beside the bodies. Each is made when it is first asked for: a start need not wait for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial, wraps
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Slot

from gui_app.preferences import Preferences

if TYPE_CHECKING:
    from gui_app.joints_dock import JointsDock
    from gui_app.main_window import MainWindow
    from gui_app.mask_dock import MaskDock
    from gui_app.panel_dock import PanelDock
    from gui_app.parameters_dock import ParametersDock
    from gui_app.problems_dock import ProblemsDock
    from gui_app.runs_dock import RunsDock
    from gui_app.stages_dock import StagesDock

Dock = TypeVar("Dock", bound="PanelDock")

OPEN = "open_panels"
PANELS = {
    "parameters": "parameters",
    "stages": "stages",
    "runs": "runs",
    "problems": "problems",
    "joints": "joints",
    "masks": "mask",
}
"""The panels, and the action that shows each."""
ALSO_ASK = {"steps": "stages"}
"""Further actions that show something in a panel."""


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

    Attributes:
        made: names of those that are made, or about to be.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.window = window
        self.made: set[str] = set()
        self._parts: list[Callable[[], bool]] = []
        actions = window.actions_
        for name, action in (*PANELS.items(), *((name, action) for action, name in ALSO_ASK.items())):
            getattr(actions, action).toggled.connect(partial(self._ask, name))
        # They work in a panel that is open; until then nobody else would say so.
        for idle in (actions.choose_none, actions.mask_brush, actions.mask_lasso):
            idle.setEnabled(False)

    @_when_asked
    def parameters(self) -> ParametersDock:
        """The numbers of the frame."""
        from gui_app.parameters_dock import ParametersDock

        window = self.window
        return ParametersDock(window.state, window.editing, window.actions_.parameters, window)

    @_when_asked
    def stages(self) -> StagesDock:
        """The stages of a fit."""
        from gui_app.stages_dock import StagesDock
        from gui_app.stages_panel import StagesPanel

        window = self.window
        panel = StagesPanel(
            window.state, window.fitting, window.recipes, window.actions_, window.preferences, window
        )
        self._parts.append(panel.stepping.close)
        return StagesDock(panel, window.actions_.stages, window)

    @_when_asked
    def runs(self) -> RunsDock:
        """The history."""
        from gui_app.runs_dock import RunsDock
        from gui_app.runs_panel import RunsPanel

        window = self.window
        panel = RunsPanel(window.state, window.history, window.before, window)
        return RunsDock(panel, window.actions_, window)

    @_when_asked
    def problems(self) -> ProblemsDock:
        """The problem frames."""
        from gui_app.last_change import LastChange
        from gui_app.problems_dock import ProblemsDock
        from gui_app.problems_panel import ProblemsPanel

        window = self.window
        last = LastChange(window.state, window.history, window.before, window.desk, window.actions_)
        panel = ProblemsPanel(
            window.state,
            window.desk,
            window.verdicts,
            window.problem_choice,
            last,
            window.fixing,
            window.preferences,
            window.actions_,
            window,
        )
        panel.sought.connect(window.problem_steps.show)
        return ProblemsDock(panel, window.actions_, window)

    @_when_asked
    def joints(self) -> JointsDock:
        """Joints, vertices, sets, the regressor and the correspondence, and what of them shows on the
        bodies."""
        from gui_app.difference_in_view import DifferenceInView
        from gui_app.joints_dock import JointsDock
        from gui_app.joints_in_view import JointsInView

        window = self.window
        JointsInView(window.state, window.inspection, window.viewport, window.probe)
        dock = JointsDock(
            window.state,
            window.inspection,
            window.viewport,
            window.preferences,
            window.pins,
            window.rest,
            window.actions_,
            window,
        )
        panel = dock.panel
        DifferenceInView(window.inspection, panel.maps, window.viewport, window.probe)
        window.probe.markers = panel.sets.in_view
        window.timeline.curves.accompany(window.inspection, panel.motion)
        self._parts += [
            panel.motion.close,
            panel.sets.measured.close,
            panel.sets.export.close,
            panel.regressors.close,
            panel.maps.close,
        ]
        return dock

    @_when_asked
    def masks(self) -> MaskDock:
        """The mask and the weights of vertices, with what paints them on the fit."""
        from gui_app.mask_dock import MaskDock

        window = self.window
        dock = MaskDock(
            window.state,
            window.painting,
            window.figures,
            window.editing,
            window.viewport,
            window.probe,
            window.preferences,
            window.actions_,
            window,
        )
        self._parts += [dock.preview.close, dock.lasso.close]
        return dock

    def restore(self, stored: Preferences) -> None:
        """Makes those that were open the last time, before the window takes its layout again."""
        for name in stored.text(OPEN, "").split():
            if name in PANELS:
                getattr(self.window.actions_, PANELS[name]).setChecked(True)

    def store(self, stored: Preferences) -> None:
        """Remembers which are open."""
        shown = (name for name, action in PANELS.items() if getattr(self.window.actions_, action).isChecked())
        stored.store(OPEN, " ".join(shown))

    def close(self) -> bool:
        """Ends the threads of those that were made; False if one is still busy."""
        over = [close() for close in self._parts]
        return all(over)

    @Slot(bool)
    def _ask(self, name: str, wanted: bool) -> None:
        if wanted and name not in self.made:
            getattr(self, name)
