"""Words at points of a view, which make room for each other: whoever is drawn later stands above or below."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from vtkmodules.vtkRenderingCore import vtkCoordinate, vtkRenderer, vtkTextActor

from gui_app.scene.vtk_tools import place_text

GAP = 2
"""Device pixels between two labels."""

_OF: WeakKeyDictionary[vtkRenderer, WordsApart] = WeakKeyDictionary()


class WordsApart:
    """The words of one view. Wherever the camera stands, none of them lie on each other; those that came
    first are where they belong."""

    def __init__(self) -> None:
        self._places: dict[vtkTextActor, tuple[vtkCoordinate, float]] = {}

    @classmethod
    def of(cls, view: vtkRenderer) -> WordsApart:
        """The one of a view, who lives as long as it."""
        found = _OF.get(view)
        if found is None:
            found = _OF[view] = cls()
            view.AddObserver("StartEvent", found._arrange)  # type: ignore[arg-type]
        return found

    def put(self, words: vtkTextActor, point: tuple[float, float, float], across: float = 0.0) -> None:
        """Puts words of this view beside a point.

        Args:
            words: that are drawn in the view.
            point: metres in the scene.
            across: device pixels to its right.
        """
        if words not in self._places:
            place = vtkCoordinate()
            place.SetCoordinateSystemToWorld()
            words.GetPositionCoordinate().SetReferenceCoordinate(place)
            self._places[words] = (place, across)
        place, _ = self._places[words]
        place.SetValue(*point)
        self._places[words] = (place, across)

    def forget(self, words: vtkTextActor) -> None:
        """They are in another view now, or in none."""
        if self._places.pop(words, None) is not None:
            words.GetPositionCoordinate().SetReferenceCoordinate(None)  # type: ignore[arg-type]

    def _arrange(self, view: vtkRenderer, _event: str) -> None:
        taken: list[tuple[float, float, float, float]] = []
        for words, (place, across) in self._places.items():
            if not (words.GetVisibility() and words.GetInput()):
                continue
            box = [0.0] * 4
            words.GetBoundingBox(view, box)
            x, y = place.GetComputedDoubleDisplayValue(view)
            left, right, low, high = x + across + box[0], x + across + box[1], y + box[2], y + box[3]
            by = _room(left, right, low, high, taken)
            taken.append((left, right, low + by, high + by))
            place_text(words, across, by)


def _room(
    left: float, right: float, low: float, high: float, taken: list[tuple[float, float, float, float]]
) -> float:
    """How far up, or down where that is negative, a box has to go to lie on no other; as near as there is
    room."""
    beside = [box for box in taken if box[0] < right and left < box[1]]
    ways = [0.0, *(b[3] + GAP - low for b in beside), *(b[2] - GAP - high for b in beside)]
    for by in sorted(ways, key=abs):
        if all(low + by >= b[3] or high + by <= b[2] for b in beside):
            return by
    return 0.0
