"""The recipe that fits use: taken from a preset or a file, changed in the panel, kept between starts."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from core.files.containers.documents import parsed_json
from core.fitting.recipe.draft import Draft, DraftStage
from core.fitting.recipe.recipe import ACCURATE, PRESETS, Recipe
from gui_app.document.preferences import Preferences

log = logging.getLogger(__name__)

PRESET = "preset"
DRAFT = "recipe"
SUFFIX = ".toml"
CHANGED = " (changed)"


class RecipeDesk(QObject):
    """One draft at a time; ``changed`` after every change of it."""

    changed = Signal()

    def __init__(self, preferences: Preferences, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self.preset = preferences.text(PRESET, ACCURATE.name)
        if self.preset not in PRESETS:
            self.preset = ""
        self.draft = self.taken_up = Draft.of(PRESETS.get(self.preset, ACCURATE))
        self._restore()

    @property
    def folder(self) -> Path:
        """Where recipes of the user's own are."""
        return self._preferences.recipes

    @property
    def is_changed(self) -> bool:
        """The draft is not what was taken up any more."""
        return self.draft != self.taken_up

    @property
    def name(self) -> str:
        """Of what was taken up."""
        return self.taken_up.name

    def recipe(self) -> Recipe:
        """What a fit does.

        Raises:
            ValueError: every stage is off.
        """
        draft = self.draft
        return replace(draft, name=self.name + CHANGED if self.is_changed else self.name).recipe()

    def choose(self, preset: str) -> None:
        """Takes up a preset."""
        self._set_draft(Draft.of(PRESETS[preset]), preset)

    def take(self, draft: Draft) -> None:
        """Takes up a recipe of the user's own."""
        self._set_draft(draft.settled(), "")

    def _set_draft(self, draft: Draft, preset: str) -> None:
        self.draft = self.taken_up = draft
        self.preset = preset
        self._store()
        self.changed.emit()

    def edit(self, draft: Draft) -> None:
        """Changes the draft."""
        if draft != self.draft:
            self.draft = draft
            self._store()
            self.changed.emit()

    def put(self, index: int, entry: DraftStage) -> None:
        """Changes one stage of it."""
        self.edit(self.draft.put(index, entry))

    def own(self) -> list[Path]:
        """Files with the user's own recipes."""
        try:
            return sorted(self.folder.glob(f"*{SUFFIX}"))
        except OSError:
            return []

    def load(self, path: Path) -> None:
        """Takes up a file.

        Raises:
            FileError: it cannot be read or is wrong.
        """
        from core.outputs.recipes import read_recipe

        self.take(read_recipe(path))

    def save(self, path: Path, *, overwrite: bool) -> None:
        """Writes the draft to a file, and takes it up under the name of the file.

        Raises:
            FileError: it cannot be written.
        """
        from core.outputs.recipes import write_recipe

        draft = replace(self.draft, name=path.stem)
        write_recipe(path, draft, overwrite=overwrite)
        self.take(draft)

    def as_dict(self) -> dict[str, Any]:
        """What is on the desk, in plain json values."""
        # A preset as it is may become better with the next version.
        if self.preset and not self.is_changed:
            return {"preset": self.preset}
        return {
            "preset": self.preset, "draft": self.draft.as_dict(), "taken_up": self.taken_up.as_dict()
        }  # fmt: skip

    def lay(self, kept: object) -> None:
        """What `as_dict` gave is on the desk again; what makes no sense changes nothing."""
        if not isinstance(kept, dict):
            return
        preset = kept.get("preset")
        preset = preset if isinstance(preset, str) and preset in PRESETS else ""
        try:
            if "draft" in kept:
                draft, taken_up = Draft.from_dict(kept["draft"]), Draft.from_dict(kept["taken_up"])
            else:
                draft = taken_up = Draft.of(PRESETS[preset])
        except (ValueError, KeyError, TypeError, AttributeError):
            log.warning("A kept recipe cannot be read; %s is used", self.draft.name)
            return
        self.preset, self.draft, self.taken_up = preset, draft, taken_up
        self._store()
        self.changed.emit()

    def _store(self) -> None:
        kept = self.as_dict()
        self._preferences.store(PRESET, self.preset)
        self._preferences.store(DRAFT, json.dumps(kept) if "draft" in kept else "")

    def _restore(self) -> None:
        text = self._preferences.text(DRAFT, "")
        if not text:
            return
        try:
            kept = parsed_json(text)
            self.draft = Draft.from_dict(kept["draft"])
            self.taken_up = Draft.from_dict(kept["taken_up"])
        except (ValueError, KeyError, TypeError, AttributeError):
            log.warning("The recipe of the last session cannot be read; %s is used", self.draft.name)
            self.draft = self.taken_up
