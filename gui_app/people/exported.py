"""The fits of everybody, as they are exported together."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gui_app.document.opened import file_stem
from gui_app.document.state import AppState
from gui_app.export.everyone import Everyone, PersonsFit
from gui_app.files.open import open_stored
from gui_app.files.open_actions import OpenActions
from gui_app.people.desk import PeopleDesk
from gui_app.people.left import Left
from gui_app.widgets.text import person_name

if TYPE_CHECKING:
    from core.model.body_pair import BodyPair
    from core.model.fit_result import FitResult
    from core.model.motion import Motion
    from core.session.session import Session


def everyone(desk: PeopleDesk, state: AppState, files: OpenActions) -> Everyone | None:
    """All people of the file that is open; None where it is one person's."""
    opened, now = state.document.opened, desk.shown
    if opened is None or now is None:
        return None
    fitted, without = [], []
    for person in desk.people:
        name = person.name or ""
        left, stored = desk.left(name), desk.stored(name)
        stem, found = file_stem(opened.motion.name, person.name), None
        if person is now:
            found = _of_shown(stem, state)
        elif left is not None:
            found = _of_left(stem, left, state)
        elif stored is not None:
            found = _of_stored(stem, *stored, files.models)
        if found is None:
            without.append(person_name(name))
        else:
            fitted.append(found)
    return Everyone(tuple(fitted), tuple(without))


def _is_there(result: FitResult | None) -> bool:
    return result is not None and bool(result.fitted.any())


def _of_shown(stem: str, state: AppState) -> PersonsFit | None:
    document = state.document
    opened, result = document.opened, document.result
    if opened is None or result is None or not _is_there(result):
        return None

    def file(path: Path) -> None:
        if document.result is result:
            document.set_saved(path)

    return PersonsFit(stem, result, document.given_rate, lambda: (opened.motion, opened.bodies), file)


def _of_left(stem: str, left: Left, state: AppState) -> PersonsFit | None:
    opened, snapshot = left.opened, left.snapshot
    result = snapshot.result
    if result is None or not _is_there(result):
        return None

    def file(path: Path) -> None:
        left.file(path)
        state.document.saved_changed.emit()

    return PersonsFit(stem, result, snapshot.given_rate, lambda: (opened.motion, opened.bodies), file)


def _of_stored(stem: str, path: Path, session: Session, models: str | Path | None) -> PersonsFit | None:
    result = session.now.result
    if result is None or not _is_there(result):
        return None
    # The session that it is from has it.
    return PersonsFit(stem, result, session.now.rate, partial(_loaded, path, session, models), _in_session)


def _loaded(path: Path, session: Session, models: str | Path | None) -> tuple[Motion, BodyPair]:
    opened = open_stored(path, session, models)
    return opened.motion, opened.bodies


def _in_session(_path: Path) -> None:
    """Nothing more is to be known."""
