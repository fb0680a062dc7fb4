"""Whether anything can be drawn here, without a window; asked before VTK is, which would end the process."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=1)
def why_not() -> str:
    """Why nothing can be drawn, in a sentence; empty where it can."""
    try:
        # Registers the windows that draw.
        import vtkmodules.vtkRenderingOpenGL2  # noqa: F401
        from vtkmodules.vtkRenderingCore import vtkRenderWindow

        import gui_app.export.offscreen  # noqa: F401
        from gui_app.tasks.display import has_display
    except ImportError as error:
        return f"pyvista cannot be imported here ({error})."
    if sys.platform.startswith("linux") and not has_display():
        os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
    window: Any = vtkRenderWindow()
    window.SetOffScreenRendering(True)
    # The last resort of VTK says that it supports what it has never tried.
    if not window.SupportsOpenGL() or "Not tested" in window.GetOpenGLSupportMessage():
        return "OpenGL is not to be had here."
    window.Finalize()
    return ""


@contextmanager
def quietly() -> Iterator[None]:
    """VTK's remarks on displays go nowhere."""
    try:
        from vtkmodules.vtkCommonCore import vtkLogger
    except ImportError:
        yield
        return
    before = vtkLogger.GetCurrentVerbosityCutoff()
    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)
    try:
        yield
    finally:
        vtkLogger.SetStderrVerbosity(before)
