"""What the colours mean, beside the bodies: the scale or the legend of the colour in use, of a mask, or of a
joint's weights, and a sentence where a colour has nothing to tell yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

from gui_app.scene.body_view import BodyView
from gui_app.scene.legend import INVALID, ColourBar, Legend
from gui_app.scene.mask_colours import (
    DIFFERENCE_MM,
    IN_ONE_ONLY,
    MASK_WORDS,
    mask_rows,
    weight_ramp,
)
from gui_app.scene.skin_colours import COLOUR, COLOURS, ERROR, SkinColour
from gui_app.scene.view_options import Colouring, LayoutName
from gui_app.scene.vtk_tools import LABEL_SIZE, place_text, text_actor
from gui_app.scene.weight_scale import WeightScale
from gui_app.style import colours

LOW_MARGIN = 8
"""Logical pixels below a sentence at the foot of a view."""


@dataclass(frozen=True)
class ColoursNow:
    """What the skin tells at a moment.

    Attributes:
        colouring: the colour chosen.
        ranges: millimetres at the far end of the scales that are set in the toolbar, by colour.
        mask: what a mask or a difference shows in its place, '' for nothing.
        layout: of the views.
        subject: there is a motion.
        fitted: there is a fit in the frame.
        told: the colour has something to tell in the frame.
        invalid: some vertices of the fit are not compared.
    """

    colouring: Colouring
    ranges: Mapping[Colouring, float]
    mask: str
    layout: LayoutName
    subject: bool
    fitted: bool
    told: bool
    invalid: bool

    def most(self, colour: SkinColour) -> float:
        """The number at the far end of a colour's scale."""
        fixed = colour.scale.most if colour.scale is not None else None
        return self.ranges.get(colour.name, 0.0) if fixed is None else fixed


class Scales:
    """All of them; one at a time is to be seen.

    Args:
        source: the view of the source.
        fit: that of the fit, where most of them stand.

    Attributes:
        bars: by the colour that each is of.
        legends: by colour, one for each view that may show it.
        weights: that of a joint's vertices.
    """

    def __init__(self, source: BodyView, fit: BodyView) -> None:
        right = fit.renderer
        self._source, self._fit = source, fit
        self.bars = {
            colour.name: ColourBar(
                right, unit=colour.scale.unit, apart=INVALID if colour.scale.invalid else None
            )
            for colour in COLOURS
            if colour.scale
        }
        # Shows distances of masks and correspondences as well.
        self.errors = self.bars[ERROR.name]
        self._weight_bar = ColourBar(right, weight_ramp(), "weight")
        self._weight_bar.set_ticks(("×0.1", "×0.3", "×1", "×3", "×10"))
        self.weights = WeightScale((source, fit))
        self.legends = {
            colour.name: [Legend(view.renderer, colour.legend()) for view in self._views_of(colour)]
            for colour in COLOURS
            if colour.legend is not None
        }
        self._mask_legend = Legend(right, mask_rows(), high=True, short=MASK_WORDS)
        self._alone_legend = Legend(right, ((IN_ONE_ONLY, colours.TAKEN_OUT),), high=True)
        self.nothing = text_actor("", LABEL_SIZE, colours.TEXT_SECONDARY, horizontal="centre")
        self.nothing.GetTextProperty().ShadowOn()
        right.AddViewProp(self.nothing)

    def _views_of(self, colour: SkinColour) -> tuple[BodyView, ...]:
        return (self._source, self._fit) if colour.of_body else (self._fit,)

    def arrange(self, now: ColoursNow) -> None:
        """Shows what belongs to the colours, hides the rest."""
        mask, chosen = now.mask, COLOUR[now.colouring]
        plain = not mask and not self.weights.most
        for colour in COLOURS:
            if colour.scale is not None:
                here = colour is chosen and plain and now.told
                in_mm = colour is ERROR and mask in ("distance", "difference")
                most = DIFFERENCE_MM if mask == "difference" and in_mm else now.most(colour)
                self.bars[colour.name].set_visible(now.fitted and (here or in_mm), apart=now.invalid)
                self.bars[colour.name].set_range(most)
        self._weight_bar.set_visible(now.fitted and mask == "weight", apart=now.invalid)
        self._mask_legend.set_visible(now.fitted and mask == "validity")
        self._alone_legend.set_visible(now.fitted and mask == "difference")
        for colour in COLOURS:
            here = colour is chosen and not mask and now.subject and (now.fitted or colour.of_body)
            for view, legend in zip(self._views_of(colour), self.legends.get(colour.name, ()), strict=False):
                legend.set_visible(here and (view is self._fit or now.layout == "source"))
        self.nothing.SetInput(chosen.missing if plain and now.fitted and not now.told else "")
        self.weights.arrange(now.layout == "source", bool(mask), now.invalid)

    def layout(self, size: tuple[int, int], scale: float) -> None:
        """Places them in views of ``size`` device pixels, ``scale`` device pixels a logical pixel."""
        for bar in self.bars.values():
            bar.layout(size, scale)
        for legend in chain.from_iterable(self.legends.values()):
            legend.layout(size, scale)
        self._weight_bar.layout(size, scale)
        self.weights.layout(size, scale)
        self._mask_legend.layout(size, scale)
        self._alone_legend.layout(size, scale)
        place_text(self.nothing, size[0] / 2, LOW_MARGIN * scale)
