"""Bones and joints of one body, drawn over its skin: left, right and centre in three hues."""

from __future__ import annotations

import numpy as np
import pyvista as pv
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

from gui_app.scene.subject import BodyShape
from gui_app.scene.vtk_tools import write_points
from gui_app.style import colours

# Logical pixels: bones and joints, of the body and of fingers and face.
BONE, SMALL_BONE = 3.0, 1.5
JOINT, SMALL_JOINT = 9.0, 3.5

OVER_SHADER = """//VTK::Depth::Impl
  gl_FragDepth = gl_FragCoord.z * 0.01;
"""
"""Nearer to the eye than any skin, and still sorted among themselves."""


class SkeletonActor:
    """Follows (J, 3) joints in place."""

    def __init__(self, shape: BodyShape) -> None:
        joints = np.zeros((len(shape.joint_names), 3), np.float32)
        hue = np.array([colours.rgb(side_colour(name)) for name in shape.joint_names], np.uint8)
        small = np.array([is_small(name) for name in shape.joint_names])
        child = np.flatnonzero(shape.parents >= 0)
        self._meshes: list[pv.PolyData] = []
        self._bones = [
            self._lines(joints, shape.parents, child[small[child] == size], hue) for size in (0, 1)
        ]
        self._joints = [self._dots(joints, np.flatnonzero(small == size), hue) for size in (0, 1)]
        self.actors = (*self._bones, *self._joints)
        self.set_scale(1.0)
        self.set_visible(False)

    def _lines(self, joints: np.ndarray, parents: np.ndarray, child: np.ndarray, hue: np.ndarray) -> vtkActor:
        if not len(child):  # SMPL has no fingers
            return self._nothing(joints)
        cells = np.column_stack([np.full(len(child), 2), parents[child], child])
        mesh = pv.PolyData(joints.copy(), lines=cells.ravel())
        mesh.cell_data["hue"] = hue[child]
        mesh.GetCellData().SetActiveScalars("hue")
        actor = self._actor(mesh)
        actor.GetMapper().SetScalarModeToUseCellData()
        return actor

    def _dots(self, joints: np.ndarray, chosen: np.ndarray, hue: np.ndarray) -> vtkActor:
        if not len(chosen):
            return self._nothing(joints)
        cells = np.column_stack([np.ones(len(chosen), int), chosen])
        mesh = pv.PolyData(joints.copy(), verts=cells.ravel())
        mesh.point_data["hue"] = hue
        mesh.GetPointData().SetActiveScalars("hue")
        actor = self._actor(mesh)
        actor.GetMapper().SetScalarModeToUsePointData()
        actor.GetProperty().RenderPointsAsSpheresOn()
        return actor

    def _nothing(self, joints: np.ndarray) -> vtkActor:
        mesh = pv.PolyData()
        mesh.points = joints.copy()
        return self._actor(mesh)

    def _actor(self, mesh: pv.PolyData) -> vtkActor:
        self._meshes.append(mesh)
        mapper = vtkPolyDataMapper()
        mapper.SetInputData(mesh)
        mapper.SetColorModeToDirectScalars()
        actor = vtkActor()
        actor.SetMapper(mapper)
        actor.PickableOff()
        actor.GetProperty().LightingOff()
        actor.GetShaderProperty().AddFragmentShaderReplacement("//VTK::Depth::Impl", True, OVER_SHADER, False)
        return actor

    def set_joints(self, joints: np.ndarray) -> None:
        """Moves the joints, (J, 3) metres in the scene."""
        for mesh in self._meshes:
            write_points(mesh, joints)

    def set_scale(self, scale: float) -> None:
        """``scale`` is device pixels in a logical pixel."""
        for actors, sizes in ((self._bones, (BONE, SMALL_BONE)), (self._joints, (JOINT, SMALL_JOINT))):
            for actor, size in zip(actors, sizes, strict=True):
                actor.GetProperty().SetLineWidth(size * scale)
                actor.GetProperty().SetPointSize(size * scale)

    def set_visible(self, visible: bool) -> None:
        """Shows or hides it."""
        for actor in self.actors:
            actor.SetVisibility(visible)


def side_colour(joint: str) -> str:
    """The hue of a joint and of the bone that leads to it."""
    if joint.startswith("left_"):
        return colours.LEFT_SIDE
    return colours.RIGHT_SIDE if joint.startswith("right_") else colours.CENTRE


def is_small(joint: str) -> bool:
    """A joint of the fingers or of the face, where many lie close together."""
    from core.model.joints import FACE_JOINTS, LEFT_HAND, RIGHT_HAND

    return joint in (*LEFT_HAND, *RIGHT_HAND, *FACE_JOINTS)
