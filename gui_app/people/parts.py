"""What a window has for files of several people, put together."""

from __future__ import annotations

from dataclasses import dataclass

from gui_app.document.actions import Actions
from gui_app.document.preferences import Preferences
from gui_app.document.state import AppState
from gui_app.files.models_choice import ModelsChoice
from gui_app.files.open_actions import OpenActions
from gui_app.people.chooser import PeopleMenu, PeopleRow
from gui_app.people.desk import PeopleDesk
from gui_app.people.others import Others
from gui_app.session.snapshot import SessionNow
from gui_app.viewport.vertex_probe import VertexProbe
from gui_app.viewport.viewport import Viewport


@dataclass(frozen=True, eq=False)
class PeopleParts:
    """Of one window."""

    desk: PeopleDesk
    row: PeopleRow
    menu: PeopleMenu
    others: Others


def people_parts(
    state: AppState,
    now: SessionNow,
    files: OpenActions,
    models: ModelsChoice,
    actions: Actions,
    preferences: Preferences,
    viewport: Viewport,
    probe: VertexProbe,
) -> PeopleParts:
    """Made for a window."""
    window = viewport.window()
    desk = PeopleDesk(state, now, files, actions, window)
    row, menu = PeopleRow(desk, actions, viewport), PeopleMenu(desk, actions, window)
    others = probe.crowd = Others(desk, state, actions, models, preferences, viewport, window)
    return PeopleParts(desk, row, menu, others)
