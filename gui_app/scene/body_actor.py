"""One body on the screen: a mesh whose points and colours are overwritten in place at every frame."""

from __future__ import annotations

import numpy as np
import pyvista as pv
from vtkmodules.vtkCommonExecutionModel import vtkAlgorithmOutput
from vtkmodules.vtkFiltersCore import vtkTriangleMeshPointNormals
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

from core.files.bodies.enclosed import signed_volume
from gui_app.scene.view_options import Layers
from gui_app.scene.vtk_tools import write_points
from gui_app.style import colours as palette

EDGE_OPACITY = 0.45
# Beside a light ground the shaded side looks darker.
AMBIENT = {"dark": 0.26, "light": 0.36}

# Drawn as lines, the edges would take twice as long in software.
_EDGES_ONLY = """//VTK::Light::Impl
  if (emix < 0.5) discard;
"""

# Fills in the depth and leaves the picture as it is: with no opacity at all the point would be thrown away.
# The skin itself, drawn later, has to come out nearer.
_DEPTH_ONLY = """//VTK::Light::Impl
  gl_FragData[0] = vec4(0.0, 0.0, 0.0, 1.0e-4);
"""
_A_LITTLE_FARTHER = """//VTK::Depth::Impl
  gl_FragDepth = gl_FragCoord.z + 1.0e-5;
"""


class BodyActor:
    """Mesh, normals, mapper and actor of one body.

    The normals are made inside the pipeline from the bare mesh, so they always belong to the points shown.
    Of a ``solid`` body the skin is drawn from outside only.
    """

    def __init__(self, faces: np.ndarray, colours: np.ndarray, solid: bool = False) -> None:
        cells = np.empty((len(faces), 4), np.int64)
        cells[:, 0] = 3
        cells[:, 1:] = faces
        self.mesh = pv.PolyData(np.zeros((len(colours), 3), np.float32), cells.ravel())
        self.mesh.point_data["colour"] = colours.copy()
        self.mesh.GetPointData().SetActiveScalars("colour")
        self._painted: np.ndarray | None = colours
        self._present = True
        self._seen, self._veiled, self._one_sided = True, False, False
        # A far side that is never seen takes a sixth of the time of a picture.
        self._faces: np.ndarray | None = faces if solid else None

        self._normals = vtkTriangleMeshPointNormals()
        self._normals.SetInputData(self.mesh)
        mapper = vtkPolyDataMapper()
        mapper.SetInputConnection(self.surface)
        mapper.SetScalarModeToUsePointData()
        mapper.SetColorModeToDirectScalars()
        self.actor = vtkActor()
        self.actor.SetMapper(mapper)
        surface = self.actor.GetProperty()
        surface.SetInterpolationToPhong()
        surface.SetAmbient(AMBIENT[palette.theme])
        surface.SetDiffuse(0.78)
        surface.SetSpecular(0.0)
        surface.SetEdgeColor(*palette.rgb_unit(palette.EDGES))
        surface.SetEdgeOpacity(EDGE_OPACITY)
        self._depth = self._depth_actor()

    def _depth_actor(self) -> vtkActor:
        """Of a translucent skin only what is nearest to the eye is seen, in whatever order it is drawn."""
        mapper = vtkPolyDataMapper()
        mapper.SetInputData(self.mesh)
        mapper.ScalarVisibilityOff()
        actor = vtkActor()
        actor.SetMapper(mapper)
        actor.PickableOff()
        actor.VisibilityOff()
        actor.GetProperty().LightingOff()
        shaders = actor.GetShaderProperty()
        shaders.AddFragmentShaderReplacement("//VTK::Light::Impl", True, _DEPTH_ONLY, False)
        shaders.AddFragmentShaderReplacement("//VTK::Depth::Impl", True, _A_LITTLE_FARTHER, False)
        return actor

    @property
    def actors(self) -> tuple[vtkActor, vtkActor]:
        """To be drawn, after all that is to be seen through the skin."""
        return self.actor, self._depth

    @property
    def surface(self) -> vtkAlgorithmOutput:
        """The mesh with its normals, for other actors of the same body."""
        return self._normals.GetOutputPort()

    def set_points(self, vertices: np.ndarray) -> None:
        """Moves the vertices, (V, 3) metres."""
        write_points(self.mesh, vertices)
        if self._faces is not None:
            self._one_sided = signed_volume(vertices.astype(np.float64), self._faces) > 0
            self._faces = None
            if self._one_sided:
                self.actor.GetProperty().SetBackfaceCulling(True)

    def colours(self) -> np.ndarray:
        """The (V, 3) uint8 array to write into; call ``colours_written`` afterwards."""
        return self.mesh.point_data["colour"]

    def colours_written(self) -> None:
        """Tells the pipeline that the colours changed."""
        self._painted = None
        self.mesh.GetPointData().GetArray("colour").Modified()
        self.mesh.Modified()

    def paint(self, colours: np.ndarray) -> None:
        """Takes over (V, 3) uint8 colours; the same array as last time costs nothing."""
        if colours is not self._painted:
            self.colours()[:] = colours
            self.colours_written()
            self._painted = colours

    def set_visible(self, visible: bool) -> None:
        """Shows or hides the body; what of it is seen ``set_layers`` tells."""
        self._present = visible
        self._show()

    def _show(self) -> None:
        self.actor.SetVisibility(self._present and self._seen)
        self._depth.SetVisibility(self._present and self._veiled)

    def set_layers(self, layers: Layers) -> None:
        """Skin and edges, or one of them, or nothing."""
        self._seen = layers.skin or layers.wireframe
        self._veiled = layers.skin and layers.opacity < 1.0
        look = self.actor.GetProperty()
        look.SetEdgeVisibility(layers.wireframe)
        look.SetEdgeOpacity(EDGE_OPACITY if layers.skin else 0.0)
        shaders = self.actor.GetShaderProperty()
        shaders.ClearFragmentShaderReplacement("//VTK::Light::Impl", True)
        if not layers.skin:
            shaders.AddFragmentShaderReplacement("//VTK::Light::Impl", True, _EDGES_ONLY, False)
        look.SetOpacity(layers.opacity if layers.skin else 1.0)
        # The far side would shine through in no order.
        look.SetBackfaceCulling(self._one_sided or self._veiled or not layers.skin)
        self._show()
