"""The correspondence and the mask that somebody names, in place of those in the folder of the models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.errors import FileError
from core.files.bodies.correspondence_check import checked
from core.files.bodies.correspondences import read_correspondence, read_mask
from core.files.bodies.vertex_sets import read_vertex_list
from core.model.body_pair import BodyPair


def with_given(
    pair: BodyPair,
    transfer: str | Path | None = None,
    mask: str | Path | None = None,
    exclude: Sequence[str | Path] = (),
) -> BodyPair:
    """The same bodies with another correspondence, another mask, or with vertices left out.

    Args:
        pair: source and target.
        transfer: as in `read_correspondence`, in the direction of the pair; its mask stays the pair's.
        mask: ids of the target's valid vertices, or as many booleans, in place of the pair's.
        exclude: files with ids of target vertices that do not count, whatever their names say.

    Raises:
        FileError: a file cannot be read, does not fit these bodies, or leaves no vertex that is valid.
    """
    found = pair.correspondence
    if transfer is not None:
        read = read_correspondence(
            transfer,
            source_vertices=pair.source.num_vertices,
            target_vertices=pair.target.num_vertices,
            mask=found.mask_path,
            mask_expected=False,
            faces=pair.source.faces,
        )
        read = checked(read, pair.source, pair.target, Path(transfer))
        found = replace(read, device=found.device)
    notes = found.notes if transfer is not None else ()
    vertices = pair.target.num_vertices
    if mask is not None:
        found = found.with_valid(read_mask(mask, vertices))
    for path in exclude:
        found = found.with_valid(found.valid & ~read_vertex_list(path, vertices).named)
        if not found.valid.any():
            raise FileError(path, "leaves no vertex that is valid")
    return replace(pair, correspondence=found, notes=(*pair.notes, *notes))
