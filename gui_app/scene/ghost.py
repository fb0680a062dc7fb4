"""A body as a ghost: nearly clear where it faces the eye, denser towards its outline."""

from __future__ import annotations

from vtkmodules.vtkCommonExecutionModel import vtkAlgorithmOutput
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer

from gui_app.scene.vtk_tools import (
    LABEL_MARGIN,
    LABEL_SIZE,
    LINE_HEIGHT,
    NEXT_LINE,
    UPRIGHT_LINE,
    place_text,
    put_ground,
    stand_text,
    text_actor,
)
from gui_app.style.colours import rgb_unit

# Opacity where the surface faces the eye and at its outline, and how steeply it rises in between.
FACING, OUTLINE, STEEPNESS = 0.05, 0.95, 1.7
# Metres by which it comes nearer to the eye, so that where both bodies agree it lies over the other evenly.
NEARER = 0.03

_OUTLINE_SHADER = f"""//VTK::Light::Impl
  float towardsEye = abs(normalize(normalVCVSOutput).z);
  if (cameraParallel == 0) towardsEye = abs(dot(normalize(normalVCVSOutput), normalize(vertexVC.xyz)));
  gl_FragData[0].a *= mix({FACING}, {OUTLINE}, pow(1.0 - towardsEye, {STEEPNESS}));
"""

# Moved along the line of sight: the depth of the nearer point, at the place of the real one.
_NEARER_SHADER = f"""//VTK::PositionVC::Impl
  gl_Position.z = (gl_Position.z - {NEARER}) / (gl_Position.w - {NEARER}) * gl_Position.w;
"""


class Ghost:
    """A body as a ghost in the view of another one, with its words below the other's."""

    def __init__(self, renderer: vtkRenderer, colour: str) -> None:
        self._renderer = renderer
        self._colour = colour
        self._label = text_actor("", LABEL_SIZE, colour, vertical="top")
        put_ground(self._label)
        self._label.VisibilityOff()
        renderer.AddViewProp(self._label)
        self.actor: vtkActor | None = None
        self._words = ""

    def build(self, surface: vtkAlgorithmOutput, label: str) -> None:
        """Replaces the body by the mesh with normals that comes out of ``surface``."""
        if self.actor is not None:
            self._renderer.RemoveActor(self.actor)
        self.actor = _actor(surface, self._colour)
        self._renderer.AddActor(self.actor)
        self._words = label

    def set_visible(self, words: bool, body: bool) -> None:
        """Shows or hides the words and the body."""
        self._label.SetVisibility(words)
        if self.actor is not None:
            self.actor.SetVisibility(body)

    def layout(
        self, height: int, scale: float, letters: float, upright: float | None, above: int = 1
    ) -> None:
        """Places the words. Where there is no room for as many letters the first of them are left.

        Args:
            height: of the view, device pixels.
            scale: of them a logical pixel.
            letters: that have room.
            upright: logical pixels to the left of the view's own words where they stand upright, or None.
            above: lines of the view's own words.
        """
        fits = len(self._words) < letters and upright is None
        self._label.SetInput(self._words if fits else self._words.split(" · ")[0])
        stand_text(self._label, upright is not None)
        left, below = LABEL_MARGIN, LABEL_MARGIN + LINE_HEIGHT + (above - 1) * NEXT_LINE
        if upright is not None:
            left, below = round(upright) + UPRIGHT_LINE, LABEL_MARGIN
        place_text(self._label, left * scale, height - below * scale)


def _actor(surface: vtkAlgorithmOutput, colour: str) -> vtkActor:
    mapper = vtkPolyDataMapper()
    mapper.SetInputConnection(surface)
    mapper.ScalarVisibilityOff()
    actor = vtkActor()
    actor.SetMapper(mapper)
    look = actor.GetProperty()
    look.SetInterpolationToPhong()
    look.SetColor(*rgb_unit(colour))
    look.SetAmbient(0.85)
    look.SetDiffuse(0.3)
    look.SetSpecular(0.0)
    # Layers behind would add up in the order of the triangles, which is no order at all.
    look.BackfaceCullingOn()
    actor.ForceTranslucentOn()
    shaders = actor.GetShaderProperty()
    shaders.AddFragmentShaderReplacement("//VTK::Light::Impl", True, _OUTLINE_SHADER, False)
    shaders.AddVertexShaderReplacement("//VTK::PositionVC::Impl", True, _NEARER_SHADER, False)
    return actor
