"""What is looked at inside the bodies, shown on them, and chosen by pointing at them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, Slot

from gui_app.document.document import Document
from gui_app.document.inspect_selection import BODIES, OF_JOINTS, Inspection, JointKey
from gui_app.scene.picking import BodyName
from gui_app.scene.support_colours import (
    SupportLook,
    counterpart_look,
    lies_close,
    rows_look,
    support_look,
    triangle_look,
    vertex_look,
)
from gui_app.style.live_theme import on_theme_change
from gui_app.tasks.coalesce import Coalescer
from gui_app.viewport.vertex_probe import VertexProbe
from gui_app.viewport.viewport import Viewport


class JointsInView(QObject):
    """Spheres on both bodies; a click on the skeleton chooses a joint, one on the skin a vertex."""

    def __init__(
        self, document: Document, inspection: Inspection, viewport: Viewport, probe: VertexProbe
    ) -> None:
        super().__init__(viewport)
        self._document = document
        self._inspection, self._viewport, self._probe = inspection, viewport, probe
        self._shown = False
        soon = Coalescer(self._show, self)
        inspection.looks_changed.connect(soon.ask)
        document.motion_changed.connect(soon.ask)
        on_theme_change(soon.ask)
        probe.pointed.connect(self._on_pointed)
        probe.clicked.connect(self._on_clicked)
        probe.joint_clicked.connect(self._on_joint)

    @Slot()
    def _show(self) -> None:
        inspection = self._inspection
        self._probe.finds_joints = inspection.active
        self._probe.holds = inspection.active and inspection.page not in OF_JOINTS
        something = inspection.shows_something and self._document.opened is not None
        if not something and not self._shown:
            return
        self._shown = something
        looks: dict[BodyName, SupportLook | None] = dict.fromkeys(BODIES)
        see_through = False
        if something and inspection.page in OF_JOINTS:
            most = max((self._most(body) for body in BODIES), default=0.0)
            looks = {body: self._joint_look(body, most) for body in BODIES}
            see_through = inspection.joint is not None
        elif something and inspection.page == "sets":
            looks[inspection.body] = self._candidate_look()
        elif something and inspection.vertex is not None:
            looks = self._vertex_looks(inspection.vertex)
            # Not while the pointer wanders: the bodies would flicker. On the map the skin has colours to see.
            see_through = inspection.held and inspection.page != "map"
        elif something and inspection.page == "vertices" and inspection.rows:
            looks["fit"] = rows_look(np.array(inspection.rows))
            see_through = True
        self._viewport.scene.set_supports(looks["source"], looks["fit"], see_through)
        self._viewport.refresh()

    def _candidate_look(self) -> SupportLook | None:
        """The vertex and the joint that can be added to a set."""
        vertex, joint = self._inspection.vertex, self._inspection.found(self._inspection.body)
        if vertex is not None:
            return replace(vertex_look(vertex, ()), joint=joint)
        none = np.zeros(0, int)
        return None if joint is None else replace(support_look(none, none, none), joint=joint)

    def _most(self, body: BodyName) -> float:
        """The largest share of a vertex of the chosen joint, 0 without one."""
        found = self._inspection.support(body)
        return float(found[0].share.max()) if found is not None and len(found[0].share) else 0.0

    def _joint_look(self, body: BodyName, most: float) -> SupportLook | None:
        inspection = self._inspection
        joint, found = inspection.found(body), inspection.support(body)
        if joint is None or found is None:
            return None
        support = found[0]
        kept = support.share >= inspection.least_share
        return support_look(
            support.vertices[kept],
            support.weights[kept],
            support.share[kept],
            valid=None if support.valid is None else support.valid[kept],
            emphasised=inspection.emphasised if body == inspection.body else (),
            joint=joint,
            joints=inspection.joints(body),
            small=lies_close(joint),
            most=most,
        )

    def _vertex_looks(self, vertex: int) -> dict[BodyName, SupportLook | None]:
        """The vertex itself with the joints it feeds, and what it corresponds to on the other body."""
        opened, body = self._document.opened, self._inspection.body
        assert opened is not None
        matrix = opened.bodies.correspondence.matrix if body == "fit" else None
        row = matrix[vertex] if matrix is not None else opened.bodies.correspondence.by_source[:, [vertex]]
        joints = [one for one in self._inspection.joints(body) if vertex in one.vertices]
        look = triangle_look if body == "fit" else counterpart_look
        other = look(np.asarray(row.indices, int), np.asarray(row.data, float)) if row.nnz else None
        looks: dict[BodyName, SupportLook | None] = {body: vertex_look(vertex, joints)}
        looks["source" if body == "fit" else "fit"] = other
        return looks

    @Slot(str, int)
    def _on_pointed(self, body: str, vertex: int) -> None:
        self._inspection.point_at("fit" if body == "fit" else "source", vertex)

    @Slot(str, int)
    def _on_clicked(self, body: str, vertex: int) -> None:
        inspection = self._inspection
        if not inspection.active:
            return
        if inspection.page not in OF_JOINTS:
            inspection.hold("fit" if body == "fit" else "source", vertex)
        elif body == inspection.body and inspection.joint is not None:
            joint = inspection.found(inspection.body)
            if joint is not None and vertex in joint.vertices:
                inspection.emphasise((vertex,))

    @Slot(str, str)
    def _on_joint(self, _body: str, name: str) -> None:
        key = JointKey(name, "kinematic")
        if self._inspection.page in ("sets", "regressor"):
            self._inspection.choose_joint(key)
        else:
            self._inspection.go_to_joint(key)
