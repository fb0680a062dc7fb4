"""The panels beside the bodies, each described once: actions, menu, toolbar, palette, list of keys, dock and
remembered layout are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class PanelDescription:
    """One panel.

    Attributes:
        name: unique; preferences remember by it which panels are open.
        title: of the panel and of its action; in lower case the name of the dock in the stored layout.
        icon: of the action.
        key: its shortcut.
        tip: of the action, one short sentence.
        section: heading of the action in the list of keys.
        side: of the window, where it stands.
        action: name of the action that shows it.
        on_toolbar: its action is a button there.
        dock: ``'module:class'`` of a dock that is made with what panels may count on
            (`gui_app.document.state.PanelContext`) and the window; '' where `gui_app.app.side_panels` makes
            it along with what belongs to it.
    """

    name: str
    title: str
    icon: str
    key: str
    tip: str
    section: str = "View"
    side: Literal["left", "right"] = "right"
    action: str = ""
    on_toolbar: bool = True
    dock: str = ""

    @property
    def shown_by(self) -> str:
        """Name of its action."""
        return self.action or self.name


PANELS = (
    PanelDescription(
        "library",
        "Library",
        "books",
        "Ctrl+L",
        "The clips of a folder, and what became of each",
        side="left",
        on_toolbar=False,
    ),
    PanelDescription(
        "stages", "Stages", "list-numbers", "S", "The stages of a fit, and their settings", side="left"
    ),
    PanelDescription(
        "runs",
        "History",
        "git-commit",
        "H",
        "Every step: return to any, compare any",
        side="left",
        on_toolbar=False,
    ),
    PanelDescription("problems", "Problems", "list-bullets", "T", "Problem frames as a table", "Problems"),
    PanelDescription("parameters", "Parameters", "sliders-horizontal", "P", "The numbers of the frame"),
    PanelDescription("joints", "Joints", "tree-structure", "J", "Joints and their vertices", "Inspect"),
    PanelDescription(
        "inspector",
        "Model inspector",
        "polygon",
        "Shift+J",
        "Regressor, correspondence and joint sets: compared, changed, saved",
        "Inspect",
        on_toolbar=False,
    ),
    PanelDescription(
        "masks",
        "Mask",
        "selection-inverse",
        "M",
        "Valid vertices: see, paint and try them",
        "Inspect",
        action="mask",
    ),
)
"""In the order of View ▸ Panels and of the toolbar."""
PANEL = {panel.name: panel for panel in PANELS}
