"""Where a result comes from."""

from __future__ import annotations

import datetime
from typing import Any

from core import __version__
from core.fitting.recipe.recipe import Recipe
from core.measure.vertex_mask import told_mask
from core.model.body import BodyModel
from core.model.body_pair import BodyPair
from core.model.motion import Motion


def provenance(
    motion: Motion, bodies: BodyPair, recipe: Recipe, device: str, label: str = ""
) -> dict[str, Any]:
    """How a result was made, in plain json values: never without saying which bodies it was made with.

    ``label`` is what the maker of a GPU calls it.
    """
    correspondence, reading = bodies.correspondence, motion.reading.to_json()
    return {
        "made_by": f"Refit {__version__}",
        "made_at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "bodies": "built-in" if bodies.builtin else "licensed",
        "source_body": _body(bodies.source),
        "target_body": _body(bodies.target),
        "correspondence": {
            "file": correspondence.path.name if correspondence.path else None,
            "sha256": correspondence.sha256,
            "valid_vertices": int(correspondence.valid.sum()),
            "mask_file": correspondence.mask_path.name if correspondence.mask_path else None,
            "mask_sha256": correspondence.mask_sha256,
            "painted_mask": told_mask(correspondence),
        },
        "source": {
            "file": motion.name,
            "path": str(motion.path.resolve()) if motion.path else None,
            "sha256": motion.sha256,
            "start": motion.start,
            "frames": len(motion),
            "notes": list(motion.notes),
            **motion.meaning_to_json(),
            **({"reading": reading} if reading else {}),
        },
        "recipe": recipe.as_dict(),
        "device": device,
        **({"device_name": label} if label else {}),
    }


def _body(model: BodyModel) -> dict[str, Any]:
    return {
        "family": model.family,
        "gender": model.gender,
        "name": model.name,
        "built_in": model.builtin,
        "file": model.path.name if model.path else None,
        "sha256": model.sha256,
    }
