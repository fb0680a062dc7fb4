"""Where meshes lie: far from the origin of their world they are worked with from one of their own."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.errors import FileError
from core.world_origin import NOWHERE, as_origin, exact_numbers, far_note, origin_near

# Steps of a mesh's numbers, in millimetres: they are told from here on, and from there on no body is left.
_COARSE, _HOPELESS = 0.4, 100.0


class NearOrigin:
    """Brings the meshes of a motion near an origin of their own, without loss; the first that lies somewhere
    says where it is, or a comment in its file.

    Attributes:
        origin: metres, in the file's world; None for the world's own.
        notes: sentences on it.
    """

    def __init__(self, path: Path, metres: float) -> None:
        """``path``: of the motion, for messages; ``metres``: of the file's unit."""
        self._path, self._metres = path, metres
        self._less: np.ndarray | None = None
        self.origin: tuple[float, float, float] | None = None
        self.notes: list[str] = []

    def of(self, places: list[np.ndarray]) -> np.ndarray | None:
        """(3,) in the file's unit: what to take off all of its meshes; None for nothing.

        Args:
            places: along each axis, float64, of some vertices.

        Raises:
            FileError: they are so far away that the file's numbers have no digits left for a body.
        """
        middle = np.array([np.median(along) if along.size else 0.0 for along in places])
        self._put(origin_near(middle * self._metres))
        if self.origin is not None:
            self._tell_steps(places)
        return self._less if self.origin is not None else None

    def moved(self, mesh: np.ndarray, told: np.ndarray | None) -> np.ndarray:
        """(V, 3) float32, in the file's unit, from float64 vertices of one of several files.

        Args:
            mesh: its vertices.
            told: (3,) where their origin lies, as the file says; None where it does not.

        Raises:
            FileError: as `of`.
        """
        own = np.zeros(3) if told is None else told
        with np.errstate(over="ignore", invalid="ignore"):
            if self._less is None:
                columns = [along[np.abs(along) < NOWHERE] for along in mesh.T]
                if told is not None:
                    self._put(told * self._metres)
                    where = ", ".join(exact_numbers(told))
                    self.notes.append(f"A comment in the files says that their origin lies at ({where}).")
                elif all(along.size for along in columns):
                    self.of(columns)
            apart = own if self._less is None else own - self._less
            return (mesh + apart if apart.any() else mesh).astype(np.float32)

    def in_metres(self, vertices: np.ndarray) -> np.ndarray:
        """float32 vertices in the file's unit in metres."""
        return vertices if self._metres == 1.0 else vertices * np.float32(self._metres)

    def _put(self, origin: np.ndarray) -> None:
        self._less, self.origin = origin / self._metres, as_origin(origin)
        if self.origin is not None:
            self.notes.append(far_note(self.origin))

    def _tell_steps(self, places: list[np.ndarray]) -> None:
        """Numbers that are no finer than float32 have lost the digits that they would need."""
        if not all((along.astype(np.float32) == along).all() for along in places):
            return
        away = max(float(np.abs(along).max()) for along in places)
        step = 1000 * self._metres * float(np.spacing(np.float32(away)))
        lie = f"lie {away * self._metres:.0f} m from the origin in numbers of 32 bits"
        if step >= _HOPELESS:
            raise FileError(self._path, f"{lie}, which have steps of {step:.3g} mm there: no body is left")
        if step >= _COARSE:
            self.notes.append(f"The meshes {lie}, which have steps of {step:.2g} mm there.")
