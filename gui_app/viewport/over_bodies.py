"""What is drawn over the bodies and is none of the scene's: in the window, and once more in every picture
that is exported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from vtkmodules.vtkRenderingCore import vtkRenderer

from gui_app.scene.subject import FramePicture

SOURCE_VIEW, FIT_VIEW = 0, 1
"""Places of the views among the renderers."""


class OverBodies(Protocol):
    """In one set of views."""

    def show(self, frame: int, picture: FramePicture) -> None:
        """Puts it where it is in a frame."""


Copy = Callable[[Sequence[vtkRenderer], float], OverBodies]
"""Makes it once more, as it was when the copy was asked for, in other views; so many device pixels are a
logical one there."""
