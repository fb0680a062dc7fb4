"""Settings of one stage of a fit. Each field carries its label, unit, range or choices, and help, to build
controls from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from core.model.joints import PARTS


def _number(
    default: Any,
    label: str,
    help_: str,
    *,
    unit: str = "",
    low: float = 0,
    high: float = 1,
    **more: Any,
) -> Any:
    return _field(default, label, help_, {"unit": unit, "range": (low, high)}, **more)


def _choice(default: str, label: str, help_: str, choices: tuple[str, ...], **more: Any) -> Any:
    return _field(default, label, help_, {"choices": choices}, **more)


def _switch(default: bool | None, label: str, help_: str, **more: Any) -> Any:
    choices = (True, False) if default is not None else (None, True, False)
    return _field(default, label, help_, {"choices": choices}, **more)


def _field(
    default: Any,
    label: str,
    help_: str,
    values: dict[str, Any],
    *,
    advanced: bool = False,
    first: bool = False,
    of: str = "",
    freed_by: str = "",
    term: str = "",
    apart: int = 0,
) -> Any:
    """A setting.

    Args:
        default: value.
        label: of its control.
        help_: a sentence or two.
        values: which it takes.
        advanced: below Advanced, its control stays folded until more is asked for.
        first: its control is among the few of a stage that are seen first; all others are below Advanced.
        of: what it concerns, ``joints``, ``shape`` or ``expression``: where those are held it does nothing.
        freed_by: of joints of one kind, the setting that lets them turn; without it nothing happens either.
        term: the module of `core.fitting.terms` whose term it weighs; the first setting that names a module
            is the one whose weight the term vanishes without.
        apart: how far apart the frames are that the term couples, at most; 0 for each by itself.
    """
    more = {"label": label, "help": help_, "advanced": advanced, "first": first}
    more |= {"of": of, "freed_by": freed_by, "term": term, "apart": apart}
    return field(default=default, metadata=values | more)


@dataclass(frozen=True)
class FitSettings:
    """How one stage fits; frozen, so that a run can never change under its own settings.

    The objective of a frame is

        1/2 vertex_weight sum_p c_p rho(1/c_p sum_{i in p} w_i |v_i - T_i|^2)
        + 1/2 edge_weight sum_{ij} w_ij |(v_i - v_j) - (T_i - T_j)|^2
        + 1/2 sum_a prior_a |log(R_a P_a^T)|^2
        + 1/2 smoothness (sum_a |log(O_{n+1,a} O_{n,a}^T)|^2 + 100 |o_{n+1} - o_n|^2),   O = R R_source^T
        + 1/2 acceleration (sum_a |log(R_{n+1,a} R_{n,a}^T) - log(R_{n,a} R_{n-1,a}^T)|^2
                            + 100 |x_{n+1} - 2 x_n + x_{n-1}|^2) fps^4

    over valid vertices i, edges ij between valid vertices and joints a, in square metres and square radians.
    o is the root position less the source's, x the root position, in metres; the acceleration's weight is in
    square millimetres, its seconds those of the motion. prior_a is ``pose_prior``, or ``jaw_prior`` and
    ``eyes_prior`` where the source has no such joint. P is the source's rotation, or none (zero); with
    ``pose_prior_to='previous'`` the pull is 1/2 pose_prior sum_a |log(R_{n+1,a} R_{n,a}^T)|^2 instead. ``p``
    runs over body parts or over single vertices, c_p sums the weights w_i in p, and rho is the robust loss.
    Where the shape is solved, 1/2 ``shape_prior`` |betas|^2 is added for each frame that it is solved from,
    and likewise ``expression_prior`` for the expression.

    Raises:
        ValueError: a value outside its range, or values that make no sense together.
    """

    stage: str = _choice(
        "vertex",
        "Stage",
        "Vertex: every vertex meets its target. Edge: edge vectors match, wherever the body stands. "
        "Translation: the body is moved as a whole.",
        ("edge", "translation", "vertex"),
    )
    iterations: int = _number(
        40,
        "Iterations",
        "Most Gauss-Newton iterations a frame takes; nearly all need fewer than ten.",
        unit="iterations",
        low=1,
        high=200,
        first=True,
    )
    tolerance: float = _number(
        2e-4,
        "Tolerance",
        "A frame is converged when its next step promises less than this share of its objective.",
        low=1e-10,
        high=0.1,
    )
    order: str = _choice(
        "together",
        "Order",
        "All joints at once, or joint by joint down the chain from the root.",
        ("together", "chain"),
        of="joints",
    )
    vertex_weight: float | None = _number(
        None,
        "Vertex metric",
        "Weight of distances between vertices; empty: 1, and 0 in the edge stage.",
        high=1e3,
        advanced=True,
    )
    edge_weight: float | None = _number(
        None,
        "Edge metric",
        "Weight of differences between edge vectors; empty: 0, and 1 in the edge stage.",
        high=1e3,
        advanced=True,
    )
    part_weights: tuple[float, ...] = _number(
        (1.0,) * len(PARTS),
        "Part weights",
        f"How much the skin of each body part counts: {', '.join(PARTS)}.",
        high=100,
    )
    robust: str = _choice(
        "none",
        "Robust loss",
        "Huber and Geman-McClure let body parts pull less that are too far off to be met.",
        ("none", "huber", "geman-mcclure"),
        first=True,
    )
    robust_by: str = _choice(
        "part",
        "Robust by",
        "Body part and frame, or single vertices and frame (slower).",
        ("part", "vertex"),
        advanced=True,
    )
    robust_scale: float = _number(
        10.0,
        "Robust scale",
        "Distance (root mean square of a part) at which the robust loss begins to let go.",
        unit="mm",
        low=0.1,
        high=1000,
    )
    free_global_orient: bool = _switch(True, "Fit global_orient", "Let the root turn.", of="joints")
    free_body: bool = _switch(True, "Fit body", "Let the body's joints turn.", of="joints")
    free_left_hand: bool | None = _switch(
        None,
        "Fit left hand",
        "Let the left hand's fingers turn. Open: where joints or skin of the source show them; "
        "without joints the pose prior pulls them to a relaxed hand.",
        of="joints",
    )
    free_right_hand: bool | None = _switch(
        None,
        "Fit right hand",
        "Let the right hand's fingers turn. Open: where joints or skin of the source show them; "
        "without joints the pose prior pulls them to a relaxed hand.",
        of="joints",
    )
    free_jaw: bool = _switch(
        False, "Fit jaw", "Let the jaw turn. A source without a face says little about it.", of="joints"
    )
    free_eyes: bool = _switch(False, "Fit eyes", "Let the eyes turn.", of="joints")
    free_transl: bool = _switch(
        True,
        "Fit transl",
        "Let the body move as a whole; else its root joint is where the source's is, whatever the shape.",
    )
    shape: str = _choice(
        "shared",
        "Shape",
        "One shape for the whole motion, one a frame (slower), or the one there is.",
        ("shared", "per-frame", "fixed"),
        of="shape",
    )
    expression: str = _choice(
        "off",
        "Expression",
        "Not fitted (it stays as it is: none, at first), one for the whole motion, or one a frame (slower).",
        ("off", "shared", "per-frame"),
        of="expression",
    )
    pose_prior: float = _number(
        1e-3,
        "Pose prior",
        "Weight of the pull of every joint towards where the prior points; steadies joints that the skin "
        "says little of.",
        unit="m²/rad²",
        high=10,
        first=True,
        of="joints",
        term="pose_prior",
    )
    pose_prior_to: str = _choice(
        "source",
        "Pose prior to",
        "The source's rotations by joint name (of meshes a relaxed pose, at a tenth of the pull), no "
        "rotation (the root turns as it likes), or the frame before.",
        ("source", "zero", "previous"),
        of="joints",
    )
    jaw_prior: float = _number(
        1e-2,
        "Jaw prior",
        "Weight of the pull of a free jaw towards closed, where the source has none.",
        unit="m²/rad²",
        high=10,
        advanced=True,
        of="joints",
        freed_by="free_jaw",
        term="pose_prior",
    )
    eyes_prior: float = _number(
        1e-2,
        "Eyes prior",
        "Weight of the pull of free eyes towards straight, where the source has none.",
        unit="m²/rad²",
        high=10,
        advanced=True,
        of="joints",
        freed_by="free_eyes",
        term="pose_prior",
    )
    shape_prior: float = _number(
        1e-3,
        "Shape prior",
        "Weight of the pull of betas towards the mean shape, for each frame.",
        unit="m²",
        high=10,
        of="shape",
        term="shape_prior",
    )
    expression_prior: float = _number(
        1e-3,
        "Expression prior",
        "Weight of the pull of the expression towards none, for each frame.",
        unit="m²",
        high=10,
        advanced=True,
        of="expression",
        term="expression_prior",
    )
    smoothness: float = _number(
        0.0,
        "Smoothness",
        "Weight of the pull on what the fit turns and moves away from the source to change little "
        "between frames.",
        unit="m²/rad²",
        high=10,
        first=True,
        term="smoothness",
        apart=1,
    )
    acceleration: float = _number(
        0.0,
        "Acceleration",
        "Weight of the pull on the motion itself to turn and move evenly, also where the source jitters; the "
        "same at any frame rate. Begin with 0.1.",
        unit="mm²s⁴/rad²",
        high=10,
        first=True,
        term="acceleration",
        apart=2,
    )
    shape_frames: int = _number(
        48,
        "Shape frames",
        "A shared shape or expression is solved from this many frames, spread evenly, together with their "
        "poses.",
        unit="frames",
        low=1,
        high=100_000,
        advanced=True,
        of="shape",
    )
    num_betas: int = _number(
        100,
        "Betas",
        "Shape coefficients that are solved, as far as the body has them; those beyond stay as they are: "
        "zero, at first.",
        low=1,
        high=300,
        of="shape",
    )
    num_expression: int = _number(
        10,
        "Expression terms",
        "Expression coefficients that are solved, as far as the body has them.",
        low=1,
        high=100,
        advanced=True,
        of="expression",
    )

    def __post_init__(self) -> None:
        for item in fields(self):
            value, choices = getattr(self, item.name), item.metadata.get("choices")
            if choices is not None:
                if value not in choices:
                    known = ", ".join(str(choice) for choice in choices if choice is not None)
                    raise ValueError(f"{item.name} is {value!r}, expected one of {known}")
                continue
            low, high = item.metadata["range"]
            for number in value if isinstance(value, tuple) else (value,):
                if number is not None and not low <= number <= high:
                    raise ValueError(f"{item.name} is {number}, expected {low} to {high}")
        if len(self.part_weights) != len(PARTS):
            raise ValueError(f"part_weights has {len(self.part_weights)} numbers, expected {len(PARTS)}")
        if not any(self.metrics):
            raise ValueError("vertex_weight and edge_weight are both 0: nothing would be fitted")
        if self.stage == "translation" and not self.metrics[0]:
            raise ValueError("the translation stage needs a vertex_weight: edges do not see a translation")

    @property
    def metrics(self) -> tuple[float, float]:
        """Weights of the vertex and of the edge metric, the stage's own where they are left open."""
        default = (0.0, 1.0) if self.stage == "edge" else (1.0, 0.0)
        vertex = default[0] if self.vertex_weight is None else self.vertex_weight
        return vertex, default[1] if self.edge_weight is None else self.edge_weight

    @property
    def slow(self) -> bool:
        """Every frame has large matrices of its own: several times the time of the fast path."""
        by_vertex = self.robust != "none" and self.robust_by == "vertex"
        return by_vertex or "per-frame" in (self.shape, self.expression)

    @property
    def coupled(self) -> bool:
        """Frames pull on each other."""
        between = any(getattr(self, item.name) > 0 for item in fields(self) if item.metadata["apart"])
        return between or (self.pose_prior_to == "previous" and self.pose_prior > 0)

    def as_dict(self) -> dict[str, Any]:
        """Plain json values."""
        return asdict(self) | {"part_weights": list(self.part_weights)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> FitSettings:
        """The inverse of `as_dict`; what is missing keeps its default.

        Raises:
            ValueError: an unknown name, or a value outside its range.
        """
        known = {item.name for item in fields(cls)}
        for name in values:
            if name not in known:
                raise ValueError(f"there is no setting '{name}'")
        parts = values.get("part_weights")
        given = dict(values) if parts is None else dict(values) | {"part_weights": tuple(parts)}
        return cls(**given)
