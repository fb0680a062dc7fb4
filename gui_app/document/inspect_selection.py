"""What is looked at inside the bodies: a joint and its vertices, a vertex and its joints, or sets of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from gui_app.document.document import Document
from gui_app.document.playback import Playback
from gui_app.scene.picking import BodyName

if TYPE_CHECKING:
    from core.inspection.support import Support
    from core.inspection.vertex_feeds import VertexFeeds
    from core.model.body import BodyModel
    from core.model.body_joints import BodyJoint
    from gui_app.document.opened import Opened

InspectPage = Literal["joints", "vertices", "sets", "regressor", "map"]
InspectPanelName = Literal["joints", "inspector"]
PAGES_OF: dict[InspectPanelName, tuple[InspectPage, ...]] = {
    "joints": ("joints", "vertices"),
    "inspector": ("regressor", "map", "sets"),
}
"""The pages of each panel, in the order of its tabs."""
# Pages on which a joint is chosen and its vertices show.
OF_JOINTS: tuple[InspectPage, ...] = ("joints", "regressor")
BODIES: tuple[BodyName, BodyName] = ("source", "fit")


class JointKey(NamedTuple):
    """Which joint, on either body."""

    name: str
    kind: str


class Inspection(QObject):
    """What is chosen, and what it is made of. The numbers come from `core.inspection`.

    ``joint_changed``: another joint is chosen. ``vertex_changed``: another vertex. ``body_changed``: the
    lists are of the other body. ``looks_changed``: after any of these, and when other vertices are shown of a
    joint or stand out among them.
    """

    joint_changed = Signal()
    vertex_changed = Signal()
    body_changed = Signal()
    page_changed = Signal()
    looks_changed = Signal()

    def __init__(self, document: Document, playback: Playback, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._playback = document, playback
        self._joints: tuple[Opened, dict[BodyName, tuple[BodyJoint, ...]]] | None = None
        self._regressors: dict[BodyName, np.ndarray | None] = {}
        self._open: list[InspectPanelName] = []
        self._pages: dict[InspectPanelName, InspectPage] = {
            panel: pages[0] for panel, pages in PAGES_OF.items()
        }
        self.page: InspectPage = "joints"
        self.body: BodyName = "fit"
        self.joint: JointKey | None = None
        self.least_share = 0.0
        self.emphasised: tuple[int, ...] = ()
        self.vertex: int | None = None
        self.held = False
        self.rows: tuple[int, ...] = ()
        document.motion_changed.connect(self._on_motion)

    @property
    def active(self) -> bool:
        """A panel that looks into bodies is there; without one nothing is shown in the bodies."""
        return bool(self._open)

    @property
    def shows_something(self) -> bool:
        """Something is chosen, and can be let go."""
        rows = self.page == "vertices" and bool(self.rows)
        return self.active and (self.joint is not None or self.vertex is not None or rows)

    def model(self, body: BodyName) -> BodyModel | None:
        """A body of the open motion."""
        opened = self._document.opened
        if opened is None:
            return None
        return opened.bodies.source if body == "source" else opened.bodies.target

    def joints(self, body: BodyName) -> tuple[BodyJoint, ...]:
        """All joints of a body, none without a motion."""
        from core.model.body_joints import body_joints

        opened = self._document.opened
        if opened is None:
            return ()
        if self._joints is None or self._joints[0] is not opened:
            models: dict[BodyName, BodyModel] = {"source": opened.bodies.source, "fit": opened.bodies.target}
            found = {name: body_joints(model, self._fitting(name, model)) for name, model in models.items()}
            self._joints = (opened, found)
        return self._joints[1][body]

    def _fitting(self, body: BodyName, model: BodyModel) -> np.ndarray | None:
        matrix = self._regressors.get(body)
        return matrix if matrix is not None and matrix.shape == model.J_regressor.shape else None

    def set_regressor(self, body: BodyName, matrix: np.ndarray | None) -> None:
        """Shows the vertices of joints by another (J, V) matrix; None for the body's own."""
        if matrix is not self._regressors.get(body):
            self._regressors[body] = matrix
            self._joints = None
            self.joint_changed.emit()
            self.looks_changed.emit()

    def valid(self, body: BodyName) -> np.ndarray | None:
        """(V,) bool: which vertices count in a fit; None for the source, of which nothing says so."""
        opened = self._document.opened
        return opened.bodies.correspondence.valid if opened is not None and body == "fit" else None

    def posed(self, body: BodyName) -> tuple[np.ndarray, np.ndarray]:
        """(V, 3) vertices and (J, 3) joints of the frame on show, metres; NaN where the body is not posed."""
        opened, model = self._document.opened, self.model(body)
        assert opened is not None
        assert model is not None
        picture = opened.posed.frame(self._playback.frame)
        if body == "source":
            return picture.source_vertices, picture.source_joints
        if picture.fit_vertices is None or picture.fit_joints is None:
            return np.full((model.num_vertices, 3), np.nan), np.full((model.num_joints, 3), np.nan)
        return picture.fit_vertices, picture.fit_joints

    def found(self, body: BodyName) -> BodyJoint | None:
        """The chosen joint on a body, None where it has none of that name."""
        if self.joint is None:
            return None
        return next((one for one in self.joints(body) if (one.name, one.kind) == self.joint), None)

    def support(self, body: BodyName) -> tuple[Support, np.ndarray] | None:
        """What the chosen joint is made of in the frame on show, and where it is, (3,) metres."""
        from core.inspection.support import joint_support
        from core.model.body_joints import joint_places

        joint = self.found(body)
        if joint is None:
            return None
        skin, chain = self.posed(body)
        place = joint_places((joint,), chain, skin)[0]
        return joint_support(joint, place, skin, self.valid(body)), place

    def errors_mm(self, body: BodyName) -> np.ndarray:
        """(n,) distance of each joint of a body from the joint of that name on the other, NaN without one."""
        from core.model.body_joints import joint_errors_mm, joint_places

        other: BodyName = "source" if body == "fit" else "fit"
        ours, theirs = (
            joint_places(self.joints(name), *reversed(self.posed(name))) for name in (body, other)
        )
        return joint_errors_mm(self.joints(other), self.joints(body), theirs, ours)

    def feeds(self) -> VertexFeeds | None:
        """What the chosen vertex is good for."""
        from core.inspection.vertex_feeds import vertex_feeds

        model = self.model(self.body)
        if model is None or self.vertex is None:
            return None
        return vertex_feeds(model, self.joints(self.body), self.vertex, self.valid(self.body))

    def is_open(self, panel: InspectPanelName) -> bool:
        """Whether a panel is there."""
        return panel in self._open

    def page_of(self, panel: InspectPanelName) -> InspectPage:
        """The page that a panel shows, or will when it is opened."""
        return self._pages[panel]

    def open_panel(self, panel: InspectPanelName) -> None:
        """A panel is there, and what is chosen in it shows on the bodies."""
        if panel not in self._open:
            self._open.append(panel)
            self.set_page(self._pages[panel])
            self.looks_changed.emit()

    def close_panel(self, panel: InspectPanelName) -> None:
        """A panel is gone; where there is another, what is chosen there shows instead."""
        if panel in self._open:
            self._open.remove(panel)
            if self._open:
                self.set_page(self._pages[self._open[-1]])
            self.looks_changed.emit()

    def set_page(self, page: InspectPage) -> None:
        """What is looked at: a joint with its vertices, a vertex with its joints, or what the bodies hold."""
        self._pages[panel_of(page)] = page
        if page != self.page:
            self.page = page
            self.page_changed.emit()
            self.looks_changed.emit()

    def set_body(self, body: BodyName) -> None:
        """Lists the joints and vertices of this body; ids of vertices mean nothing on the other."""
        if body != self.body:
            self.body = body
            self.emphasised = ()
            self._set_vertex(None, held=False)
            self.body_changed.emit()
            self.looks_changed.emit()

    def choose_joint(self, key: JointKey | None) -> None:
        """Looks at a joint, or at none."""
        if key != self.joint:
            self.joint = key
            self.emphasised = ()
            self.joint_changed.emit()
            self.looks_changed.emit()

    def go_to_joint(self, key: JointKey) -> None:
        """Looks at a joint on the page of joints."""
        self.set_page("joints")
        self.choose_joint(key)

    def set_least_share(self, share: float) -> None:
        """Vertices with a smaller share of the weight are left out."""
        if share != self.least_share:
            self.least_share = share
            self.looks_changed.emit()

    def emphasise(self, vertices: tuple[int, ...]) -> None:
        """These vertices of the chosen joint stand out."""
        if set(vertices) != set(self.emphasised):
            self.emphasised = vertices
            self.looks_changed.emit()

    def point_at(self, body: BodyName, vertex: int) -> None:
        """The pointer is over a vertex: it is looked at, unless another is held."""
        if self.active and self.page == "vertices" and not self.held:
            self.set_body(body)
            self._set_vertex(vertex, held=False)

    def hold(self, body: BodyName, vertex: int) -> None:
        """Looks at a vertex until another is held, or none."""
        self.set_body(body)
        self._set_vertex(vertex, held=True)

    @Slot()
    def choose_nothing(self) -> None:
        """Lets go of what is looked at."""
        if self.page == "vertices" and self.vertex is None:
            self.show_rows(())
            return
        if self.page != "joints":
            self._set_vertex(None, held=False)
        if self.page != "vertices":
            self.choose_joint(None)

    def show_rows(self, vertices: tuple[int, ...]) -> None:
        """These vertices of the fit are shown on the page of vertices while none is looked at."""
        if vertices != self.rows:
            self.rows = vertices
            self.vertex_changed.emit()
            self.looks_changed.emit()

    def _set_vertex(self, vertex: int | None, *, held: bool) -> None:
        if (vertex, held) != (self.vertex, self.held):
            self.vertex, self.held = vertex, held
            self.vertex_changed.emit()
            self.looks_changed.emit()

    @Slot()
    def _on_motion(self) -> None:
        """A joint of that name is looked at on the new bodies too."""
        self._joints = None
        self.emphasised, self.rows = (), ()
        self._set_vertex(None, held=False)
        if not any(self.found(body) for body in BODIES):
            self.joint = None
        self.body_changed.emit()
        self.joint_changed.emit()
        self.looks_changed.emit()


def panel_of(page: InspectPage) -> InspectPanelName:
    """Which panel has a page."""
    return next(panel for panel, pages in PAGES_OF.items() if page in pages)
