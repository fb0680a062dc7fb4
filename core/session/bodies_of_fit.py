"""The bodies that a fit was made with: those that are given or were used last, or else those by default."""

from __future__ import annotations

from pathlib import Path

from core.correspond.load_bodies import load_bodies
from core.correspond.mesh_bodies import own_of
from core.environment import BUILTIN
from core.errors import RefitError
from core.measure.vertex_mask import made_weights, with_measured_mask
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.joints import FAMILY_LABEL, JOINT_NAMES, MESH
from core.session.fit_origin import find_motion, licensed_gender, other_bodies, told_of

MOST_KEPT = 2
_used: list[BodyPair] = []


class OtherBodies(RefitError):
    """A fit was made with other bodies than those that are there.

    Args:
        made_with: those that it was made with, in words.
        there: those that are there, in words.
    """

    def __init__(self, made_with: str, there: str) -> None:
        super().__init__(f"The fit was made with {made_with}, not with {there}: give its own as bodies.")
        self.made_with, self.there = made_with, there


def remember(bodies: BodyPair) -> None:
    """The next fit that was made with these bodies finds them without being told."""
    _used[:] = [bodies, *(other for other in _used if other is not bodies)][:MOST_KEPT]


def bodies_of(
    result: FitResult, bodies: BodyPair | str | Path | None = None, path: Path | None = None
) -> BodyPair:
    """The bodies that a fit was made with, with the mask and the weights that it was made with.

    Args:
        result: the fit.
        bodies: source and target, or the folder of licensed models; None for those used last that the fit was
            made with, or else the built-in ones or those in the folder that ``REFIT_MODELS`` names, whichever
            it was made with.
        path: the file of the fit, beside which its motion may lie: meshes of a topology of their own say it
            themselves.

    Raises:
        FileError: the folder lacks a file, or a file cannot be read.
        OtherBodies: the fit was made with other bodies.
    """
    if bodies is None:
        bodies = next((pair for pair in _used if not _others(result, pair)), None)
    given = isinstance(bodies, BodyPair)
    if isinstance(bodies, BodyPair):
        pair = bodies
    else:
        source, own = told_of(result, "source_body").get("family"), None
        if source == MESH:
            own = own_of(find_motion(path or Path(result.source_name or "fit"), result))
        source = source if source in JOINT_NAMES else "smplx" if result.family != "smplx" else "smplh"
        if bodies is None and result.provenance.get("bodies") == "built-in":
            bodies = BUILTIN
        gender = licensed_gender(result)
        pair = load_bodies(bodies, source=source, target=result.family, gender=gender, own=own)
    made_with = _others(result, pair)
    if made_with:
        ours = "those given" if given else f"the {pair.label}"
        raise OtherBodies(made_with, ours)
    remember(pair)
    return with_measured_mask(pair, result).with_weights(made_weights(result, pair.correspondence))


def _others(result: FitResult, bodies: BodyPair) -> str:
    """The bodies that a fit was made with, in words; nothing where they are these, or it does not say."""
    if result.family != bodies.target.family:
        return f"a body of {FAMILY_LABEL[result.family]}"
    if not told_of(result, "target_body").get("sha256"):
        return ""
    return other_bodies(result, bodies)
