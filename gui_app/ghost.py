"""A body as a ghost: nearly clear where it faces the eye, denser towards its outline."""

from __future__ import annotations

from vtkmodules.vtkCommonExecutionModel import vtkAlgorithmOutput
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

from gui_app.colours import rgb_unit

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


def ghost_actor(surface: vtkAlgorithmOutput, colour: str) -> vtkActor:
    """A ghost of the mesh with normals that comes out of ``surface``."""
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
