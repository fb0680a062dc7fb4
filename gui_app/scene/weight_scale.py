"""What the colours of a joint's vertices mean: a scale of weights, in place of the one of the error."""

from __future__ import annotations

from gui_app.scene.body_view import BodyView
from gui_app.scene.legend import TICKS, ColourBar, Legend
from gui_app.scene.support_colours import weight_strip
from gui_app.style import colours

NEGATIVE_WORDS = "negative weight"


class WeightScale:
    """In the view of the fit, or of the source where it is alone; both bodies are coloured by it.

    Args:
        views: of source and fit.
    """

    def __init__(self, views: tuple[BodyView, BodyView]) -> None:
        self._views = views
        apart = ("invalid", "INVALID_BRIGHT")
        self.bars = tuple(ColourBar(view.renderer, weight_strip(), "weight", apart) for view in views)
        self.legends = tuple(
            Legend(view.renderer, ((NEGATIVE_WORDS, colours.NEGATIVE),), high=True) for view in views
        )

    @property
    def most(self) -> float:
        """The weight of the brightest colour, 0 where no joint is chosen."""
        looks = (view.support.look for view in self._views)
        return max((look.most for look in looks if look is not None), default=0.0)

    def arrange(self, source_alone: bool, masked: bool, invalid: bool) -> None:
        """Shows it where a joint is chosen and no mask has the colours; invalid vertices where there are."""
        most = 0.0 if masked else self.most
        looks = [view.support.look for view in self._views]
        signed = any(look is not None and look.signed for look in looks)
        for place, (bar, legend) in enumerate(zip(self.bars, self.legends, strict=True)):
            here = most > 0 and place == (0 if source_alone else 1)
            bar.set_visible(here, apart=invalid)
            legend.set_visible(here and signed)
            if here:
                bar.set_ticks(tuple(f"{most * step / (TICKS - 1):.2g}" for step in range(TICKS)))

    def layout(self, size: tuple[int, int], scale: float) -> None:
        """Places it in a view of ``size`` device pixels, ``scale`` device pixels a logical pixel."""
        for bar, legend in zip(self.bars, self.legends, strict=True):
            bar.layout(size, scale)
            legend.layout(size, scale)
