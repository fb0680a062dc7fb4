"""The bodies of meshes of a topology of their own: what stands in for theirs, and what they are fitted to."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from core.correspond.built_cache import built_correspondence
from core.correspond.given_files import with_given
from core.correspond.mesh_body import bare_body, mesh_body, mesh_checksum
from core.errors import FileError, RefitError
from core.files.bodies.correspondence_check import checked
from core.files.bodies.correspondences import read_correspondence
from core.files.bodies.model_arrays import file_state
from core.files.bodies.model_folder import MASK_PATTERNS
from core.files.own_mesh import NothingLeads, OwnMesh
from core.model.body import BodyModel
from core.model.body_pair import BodyPair
from core.model.correspondence import Correspondence

if TYPE_CHECKING:
    from core.model.motion import Motion


def own_of(motion: Motion) -> OwnMesh | None:
    """What leads from a motion's meshes to a body; None for what is in a body's own topology.

    Raises:
        NothingLeads: nothing does.
    """
    own = motion.own
    if own is not None and not own.led:
        raise NothingLeads(motion.path or motion.name, len(own.rest))
    return own


def mesh_pair(
    own: OwnMesh, alike: BodyPair, mask: str | Path | None, exclude: Sequence[str | Path]
) -> BodyPair:
    """The mesh and the body that it is fitted to.

    Args:
        own: the mesh, and what leads from it to the body.
        alike: the body as source and target.
        mask: as in `core.correspond.load_bodies.load_bodies`.
        exclude: as there.

    Raises:
        FileError: what leads to the body cannot be read, or does not suit mesh and body.
    """
    target, own = alike.target, _as_before(own)
    found = _led(own, target)
    device = target.device
    source = _mesh_body(own, target.to("cpu"), found).to(device)
    pair = replace(alike, source=source, correspondence=found.to(device), notes=(*alike.notes, *found.notes))
    return with_given(pair, None, mask, exclude) if mask or exclude else pair


MOST_MESHES = 4
"""Topologies that what stands in for a body is kept for."""

# The same objects for the same mesh, so that what is prepared for them is found again.
_mesh_body = lru_cache(maxsize=MOST_MESHES)(mesh_body)
_MESHES: OrderedDict[tuple[object, ...], OwnMesh] = OrderedDict()
_LOCK = threading.Lock()


def _as_before(own: OwnMesh) -> OwnMesh:
    """A mesh that was asked for before and is the same, with the same that leads to a body; or this one. Each
    motion of a folder brings its own along."""
    # Read whenever it is another one; where it is not there, whoever reads it says so.
    changed = None if own.transfer is None else file_state(own.transfer)
    key = (mesh_checksum(own.faces, own.rest), str(own.transfer), changed, str(own.rest_mesh))
    with _LOCK:
        found = _MESHES.setdefault(key, own)
        _MESHES.move_to_end(key)
        while len(_MESHES) > MOST_MESHES:
            _MESHES.popitem(last=False)
    return found


@lru_cache(maxsize=MOST_MESHES)
def _led(own: OwnMesh, target: BodyModel) -> Correspondence:
    bare = bare_body(own)
    if own.transfer is not None:
        found = read_correspondence(
            own.transfer,
            source_vertices=bare.num_vertices,
            target_vertices=target.num_vertices,
            mask_expected=target.family in MASK_PATTERNS,
            faces=bare.faces,
        )
        return checked(found, bare, target, own.transfer)
    assert own.rest_mesh is not None
    try:
        built = built_correspondence(bare, target, build=True)
    except RefitError as reason:
        raise FileError(own.rest_mesh, f"leads to no body: {reason}") from None
    assert built is not None
    count = int(built.filled.sum())
    note = (
        f"The correspondence is built from {own.rest_mesh.name}, laid onto {target.name} at rest: {count} of "
        f"{len(built.filled)} vertices."
    )
    return replace(built, path=own.rest_mesh, sha256=bare.sha256, notes=(note,))
