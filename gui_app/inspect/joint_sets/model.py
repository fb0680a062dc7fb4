"""Joint sets of one's own, one for each kind of body: put together, undone, opened, saved, remembered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from core.errors import RefitError
from core.shown_text import shown
from gui_app.document.activity import Activity
from gui_app.document.document import Document
from gui_app.document.inspect_selection import BODIES, Inspection
from gui_app.document.preferences import Preferences
from gui_app.document.undo_stack import Undoable, UndoStack

if TYPE_CHECKING:
    from core.inspection.joint_set import JointSet, SetMember
    from core.model.body_joints import BodyJoint

FIRST_NAME = "my joints"
MOST_STEPS = 100
ALL_THERE = "What was to be added is in the set already"


@dataclass(frozen=True, eq=False)
class JointSetStep:
    """What led here, and the set after it."""

    name: str
    joint_set: JointSet


class OwnSets(Undoable):
    """The set of the body that is listed; ``changed`` tells of another one."""

    changed = Signal()

    def __init__(
        self,
        document: Document,
        activity: Activity,
        inspection: Inspection,
        preferences: Preferences,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._activity, self._inspection, self._preferences = activity, inspection, preferences
        self._stacks: dict[tuple[str, int, bool], UndoStack[JointSetStep]] = {}
        self._joints: tuple[object, object, tuple[BodyJoint, ...]] | None = None
        document.motion_changed.connect(self.changed)
        inspection.body_changed.connect(self.changed)

    @property
    def now(self) -> JointSet | None:
        """The set, which may be without members; None without a motion."""
        stack = self._stack()
        return None if stack is None else stack.now.joint_set

    def joints(self) -> tuple[BodyJoint, ...]:
        """Its members as joints of the body."""
        from core.inspection.joint_set import joints_of_set

        now, model = self.now, self._inspection.model(self._inspection.body)
        if now is None or model is None:
            return ()
        if self._joints is None or self._joints[0] is not now or self._joints[1] is not model:
            self._joints = (now, model, joints_of_set(now, model))
        return self._joints[2]

    def add(self, members: Iterable[SetMember], what: str) -> int:
        """Adds members at the end; gives how many were not there yet."""
        from core.inspection.joint_set import with_members

        now = self.now
        if now is None:
            return 0
        more = with_members(now, members)
        count = len(more.members) - len(now.members)
        if count:
            self._make(f"adding {what}", more)
        else:
            self._activity.say(ALL_THERE)
        return count

    def remove(self, members: Iterable[int]) -> None:
        """Takes members out, by their places."""
        from core.inspection.joint_set import without

        now, gone = self.now, sorted(set(members))
        if now is not None and gone:
            what = now.names[gone[0]] if len(gone) == 1 else f"{len(gone)} joints"
            self._make(f"removing {what}", without(now, gone))

    def move(self, members: Iterable[int], to: int) -> tuple[int, ...]:
        """Puts members before the one at ``to``; gives the places they have afterwards."""
        from core.inspection.joint_set import moved

        now, chosen = self.now, sorted(set(members))
        if now is None or not chosen:
            return ()
        after = moved(now, chosen, to)
        if after != now:
            what = now.names[chosen[0]] if len(chosen) == 1 else f"{len(chosen)} joints"
            self._make(f"moving {what}", after)
        names = [now.names[place] for place in chosen]
        return tuple(after.names.index(name) for name in names)

    def rename(self, member: int, name: str) -> bool:
        """Gives a member another name; False, and a sentence, where that cannot be."""
        from core.inspection.joint_set import with_name

        now = self.now
        if now is None or name.strip() == now.names[member]:
            return False
        try:
            self._make(f"renaming {now.names[member]}", with_name(now, member, name))
        except RefitError as error:
            self._activity.say(str(error))
            return False
        return True

    def rename_set(self, name: str) -> None:
        """Gives the set another name; without one it keeps its own."""
        now = self.now
        if now is not None and name.strip() and name.strip() not in (now.name, shown(now.name)):
            self._make("renaming the set", replace(now, name=name.strip()))

    def open(self, path: Path) -> bool:
        """Takes the set of a file in place of the one there is; for the body that it is for."""
        from core.inspection.joint_set import joints_of_set
        from core.outputs.joint_sets import read_joint_set

        try:
            found = read_joint_set(path)
            models = [(body, self._inspection.model(body)) for body in (self._inspection.body, *BODIES)]
            fitting = [
                (body, model)
                for body, model in models
                if model is not None and (model.family == "smplx") == (found.family == "smplx")
            ]
            body, model = (fitting or models)[0]
            if model is None:
                return False
            joints_of_set(found, model)
        except RefitError as error:
            self._activity.fail(str(error))
            return False
        self._inspection.set_body(body)
        self._make(f"opening {path.name}", replace(found, family=model.family))
        return True

    def save(self, path: Path, replace_file: bool) -> bool:
        """Writes the set to a file; a sentence says how it went."""
        from core.outputs.joint_sets import write_joint_set

        now = self.now
        if now is None or not now.members:
            return False
        try:
            write_joint_set(path, now, overwrite=replace_file)
        except RefitError as error:
            self._activity.fail(str(error))
            return False
        self._activity.say(f"Saved {path.name}")
        return True

    def _stack(self) -> UndoStack[JointSetStep] | None:
        """The steps of the kind of body that is listed; None without a motion."""
        model = self._inspection.model(self._inspection.body)
        if model is None:
            return None
        # Of another model of the same family vertices mean something else, and landmarks may be missing.
        kind = (model.family, model.num_vertices, model.landmark_faces is None)
        if kind not in self._stacks:
            first = JointSetStep("", self._remembered(model.family))
            self._stacks[kind] = UndoStack(first, most=MOST_STEPS)
        return self._stacks[kind]

    def _make(self, name: str, joint_set: JointSet) -> None:
        stack = self._stack()
        if stack is not None:
            stack.add(JointSetStep(name, joint_set))
            self._announce(f"{name[:1].upper()}{name[1:]} · {len(joint_set.members)} joints in the set")

    def _announce(self, words: str) -> None:
        from core.outputs.joint_sets import joint_set_text

        now = self.now
        if now is not None:
            text = joint_set_text(now).decode() if now.members else ""
            self._preferences.store(f"joint_set_{now.family}", text)
        self._activity.say(words)
        self.changed.emit()

    def _remembered(self, family: str) -> JointSet:
        """The set as it was left, or one without members."""
        from core.inspection.joint_set import JointSet, joints_of_set
        from core.outputs.joint_sets import parsed_joint_set

        text = self._preferences.text(f"joint_set_{family}", "")
        model = self._inspection.model(self._inspection.body)
        try:
            if text and model is not None:
                found = parsed_joint_set(text.encode(), "the joint set of last time")
                joints_of_set(found, model)
                return found
        except RefitError:
            # Other bodies, of other vertices: it is of no use here.
            pass
        return JointSet(FIRST_NAME, family, ())
