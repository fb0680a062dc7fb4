"""The spheres, the marked joint and its bones on one body, moved in place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyvista as pv
from vtkmodules.vtkRenderingCore import vtkActor, vtkGlyph3DMapper, vtkPolyDataMapper, vtkRenderer

from gui_app.scene.cameras import HALF_TANGENT
from gui_app.scene.skeleton_actor import OVER_SHADER
from gui_app.scene.support_colours import SupportLook
from gui_app.scene.vtk_tools import write_points
from gui_app.style import colours

# Logical pixels.
BONE, MARK = 2.5, 12.0
SMALL_BONE, SMALL_MARK = 1.5, 9.0
MANY_BONES = 4
ROUNDNESS = 12


class SupportActor:
    """One mesh of points with a sphere at each, and the joint with its bones over the skin.

    From afar the spheres keep a size at which they can be seen.
    """

    def __init__(self, renderer: vtkRenderer) -> None:
        self._look: SupportLook | None = None
        self._scale = 1.0
        self._factor = 1.0
        self._middle = np.zeros(3)
        self._points = pv.PolyData()
        self._spheres = vtkGlyph3DMapper()
        self._spheres.SetSourceData(
            pv.Sphere(radius=1.0, theta_resolution=ROUNDNESS, phi_resolution=ROUNDNESS)
        )
        self._spheres.SetInputData(self._points)
        self._spheres.ScalingOn()
        self._spheres.SetScaleModeToScaleByMagnitude()
        self._spheres.SetScaleArray("radius")
        self._spheres.SetScalarModeToUsePointFieldData()
        self._spheres.SelectColorArray("colour")
        self._spheres.SetColorModeToDirectScalars()
        self.spheres = _actor(self._spheres)
        self.spheres.GetProperty().SetAmbient(0.45)
        self.spheres.GetProperty().SetDiffuse(0.65)
        self._bones = pv.PolyData()
        self._mark = pv.PolyData()
        self.bones, self.mark = _over(self._bones), _over(self._mark)
        self.bones.GetProperty().SetColor(*colours.rgb_unit(colours.CENTRE))
        self.mark.GetProperty().SetColor(*colours.rgb_unit(colours.CENTRE))
        self.mark.GetProperty().RenderPointsAsSpheresOn()
        self.actors = (self.spheres, self.bones, self.mark)
        for actor in self.actors:
            actor.VisibilityOff()
            renderer.AddActor(actor)
        self._renderer = renderer
        self._observer = renderer.AddObserver("StartEvent", self._keep_in_sight)  # type: ignore[arg-type]

    def leave(self) -> None:
        """The renderer is emptied, and does not ask any more."""
        self._renderer.RemoveObserver(self._observer)

    @property
    def look(self) -> SupportLook | None:
        """What is shown."""
        return self._look

    @property
    def places(self) -> np.ndarray:
        """(n, 3) metres in the scene, where the spheres are."""
        return np.array(self._points.points)

    def set_look(self, look: SupportLook | None) -> None:
        """Other vertices, or none; ``follow`` puts them where they belong."""
        if look is self._look:
            return
        self._look = look
        if look is None:
            self.hide()
            return
        points = pv.PolyData(np.zeros((len(look.vertices), 3), np.float32))
        if len(look.vertices):
            points.point_data["radius"] = look.radii
            points.point_data["colour"] = look.colours
        self._points = points
        self._spheres.SetInputData(points)
        count = len(look.bones) + len(look.feeds)
        lines = np.column_stack([np.full(count, 2), np.zeros(count, int), np.arange(1, count + 1)])
        self._bones = pv.PolyData(np.zeros((count + 1, 3), np.float32), lines=lines.ravel())
        if look.outlined:
            corners = len(look.vertices)
            around = np.array([corners + 1, *range(corners), 0])
            self._bones = pv.PolyData(np.zeros((corners, 3), np.float32), lines=around)
        self.bones.GetMapper().SetInputDataObject(self._bones)
        marks = len(look.feeds) if look.joint is None else 1
        dots = np.column_stack([np.ones(marks, int), np.arange(marks)])
        self._mark = pv.PolyData(np.zeros((marks, 3), np.float32), verts=dots.ravel())
        self.mark.GetMapper().SetInputDataObject(self._mark)
        self._set_sizes()

    def follow(self, vertices: np.ndarray, joints: np.ndarray) -> None:
        """Moves everything along with the body, (V, 3) and (J, 3) metres in the scene."""
        look = self._look
        if look is None:
            return
        self.spheres.SetVisibility(bool(len(look.vertices)))
        if len(look.vertices):
            places = vertices[look.vertices]
            write_points(self._points, places)
            self._middle = places.mean(axis=0)
        self.mark.SetVisibility(look.joint is not None or bool(look.feeds))
        self.bones.SetVisibility(bool(look.bones or look.feeds or look.outlined))
        if look.joint is None and not look.feeds:
            return
        from core.model.body_joints import joint_places

        if look.joint is not None:
            places = joint_places((look.joint,), joints, vertices)
            lines = np.concatenate((places, joints[list(look.bones)]))
            lines = vertices[look.vertices] if look.outlined else lines
        else:
            places = joint_places(look.feeds, joints, vertices)
            lines = np.concatenate((vertices[look.vertices[:1]], places))
        write_points(self._mark, places)
        write_points(self._bones, lines)

    def hide(self) -> None:
        """Shows nothing, as long as there is no body."""
        for actor in self.actors:
            actor.VisibilityOff()

    def set_scale(self, scale: float) -> None:
        """``scale`` is device pixels in a logical pixel."""
        self._scale = scale
        self._set_sizes()

    def _set_sizes(self) -> None:
        # Many fingers start at a wrist, and many lines at a vertex.
        small = self._look is not None and (
            bool(self._look.feeds) or self._look.outlined or len(self._look.bones) > MANY_BONES
        )
        self.bones.GetProperty().SetLineWidth((SMALL_BONE if small else BONE) * self._scale)
        self.mark.GetProperty().SetPointSize((SMALL_MARK if small else MARK) * self._scale)

    def _keep_in_sight(self, renderer: Any, _event: str) -> None:
        if not self.spheres.GetVisibility() or self._look is None:
            return
        camera = renderer.GetActiveCamera()
        if camera.GetParallelProjection():
            tall = 2 * camera.GetParallelScale()
        else:
            tall = 2 * HALF_TANGENT * float(np.linalg.norm(self._middle - camera.GetPosition()))
        pixel = self._scale * tall / max(renderer.GetSize()[1], 1)
        factor = max(1.0, self._look.least_radius * pixel / float(self._look.radii.max()))
        if abs(factor - self._factor) > 0.01 * self._factor:
            self._factor = factor
            self._spheres.SetScaleFactor(factor)


def _actor(mapper: vtkPolyDataMapper | vtkGlyph3DMapper) -> vtkActor:
    actor = vtkActor()
    actor.SetMapper(mapper)
    actor.PickableOff()
    return actor


def _over(mesh: pv.PolyData) -> vtkActor:
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(mesh)
    actor = _actor(mapper)
    actor.GetProperty().LightingOff()
    actor.GetShaderProperty().AddFragmentShaderReplacement("//VTK::Depth::Impl", True, OVER_SHADER, False)
    return actor
