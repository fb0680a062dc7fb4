"""A recipe while it is being made: stages can be off, and each remembers what it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.fitting.recipe.recipe import METHODS, STARTS, Recipe
from core.fitting.recipe.settings import FitSettings


@dataclass(frozen=True)
class DraftStage:
    """One stage.

    Attributes:
        settings: of the stage.
        on: a run has it.
        was: the settings that it began with, to see what has been changed since and to go back to.
    """

    settings: FitSettings
    on: bool = True
    was: FitSettings | None = None

    @property
    def base(self) -> FitSettings:
        """The settings that it began with."""
        return self.was or self.settings

    def changed(self, name: str) -> bool:
        """A setting is not what it was."""
        return bool(getattr(self.settings, name) != getattr(self.base, name))


@dataclass(frozen=True)
class Draft:
    """Stages in order; every change makes a new draft.

    Attributes:
        entries: at least one.
        start: as in `Recipe`.
        name: as in `Recipe`.
        method: as in `Recipe`.
    """

    entries: tuple[DraftStage, ...]
    start: str = "source"
    name: str = "accurate"
    method: str = "gauss-newton"

    @classmethod
    def of(cls, recipe: Recipe) -> Draft:
        """All stages of a recipe, on."""
        entries = tuple(DraftStage(settings, was=settings) for settings in recipe.stages)
        return cls(entries, recipe.start, recipe.name, recipe.method)

    def recipe(self) -> Recipe:
        """The stages that are on.

        Raises:
            ValueError: none is.
        """
        stages = tuple(entry.settings for entry in self.entries if entry.on)
        return Recipe(stages, self.start, self.name, self.method)

    @property
    def runs(self) -> bool:
        """A stage is on."""
        return any(entry.on for entry in self.entries)

    def put(self, index: int, entry: DraftStage) -> Draft:
        """With another stage in the place of one."""
        return replace(self, entries=(*self.entries[:index], entry, *self.entries[index + 1 :]))

    def set(self, index: int, settings: FitSettings) -> Draft:
        """With other settings for a stage."""
        return self.put(index, replace(self.entries[index], settings=settings))

    def moved(self, index: int, by: int) -> Draft:
        """With a stage ``by`` places further down; unchanged where there is no such place."""
        to = index + by
        if not 0 <= to < len(self.entries):
            return self
        entries = list(self.entries)
        entries.insert(to, entries.pop(index))
        return replace(self, entries=tuple(entries))

    def doubled(self, index: int) -> Draft:
        """With a stage once more, after itself."""
        return replace(self, entries=(*self.entries[: index + 1], *self.entries[index:]))

    def removed(self, index: int) -> Draft:
        """Without a stage; unchanged where it is the only one."""
        if len(self.entries) == 1:
            return self
        return replace(self, entries=(*self.entries[:index], *self.entries[index + 1 :]))

    def added(self, kind: str) -> Draft:
        """With a stage of a kind (``'edge'``, ``'translation'``, ``'vertex'``) at the end."""
        settings = FitSettings(stage=kind)
        return replace(self, entries=(*self.entries, DraftStage(settings, was=settings)))

    def settled(self) -> Draft:
        """With what every stage is now as what it was."""
        return replace(self, entries=tuple(replace(entry, was=entry.settings) for entry in self.entries))

    def as_dict(self) -> dict[str, Any]:
        """Plain json values."""
        entries = [
            {"on": entry.on, "settings": entry.settings.as_dict(), "was": entry.base.as_dict()}
            for entry in self.entries
        ]
        return {"name": self.name, "start": self.start, "method": self.method, "stages": entries}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Draft:
        """The inverse of `as_dict`.

        Raises:
            ValueError, TypeError, KeyError: the values are not from `as_dict`.
        """
        entries = tuple(
            DraftStage(
                FitSettings.from_dict(stage["settings"]),
                bool(stage["on"]),
                FitSettings.from_dict(stage["was"]),
            )
            for stage in values["stages"]
        )
        draft = cls(entries, str(values["start"]), str(values["name"]), str(values["method"]))
        if not entries or draft.start not in STARTS or draft.method not in METHODS:
            raise ValueError("this is no draft of a recipe")
        return draft
