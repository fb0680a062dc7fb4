"""A kept recipe that is damaged is left, and the window begins with its own."""

from __future__ import annotations

import pytest

from core.fitting.recipe.draft import Draft
from core.fitting.recipe.recipe import ACCURATE
from gui_app.document.preferences import Preferences
from gui_app.document.recipe_editor import DRAFT, RecipeDesk


@pytest.mark.parametrize("damaged", ["{", "[3]", '{"draft": 3}', "[" * 100_000], ids=lambda text: text[:8])
def test_a_damaged_recipe_is_left(qapp: object, damaged: str) -> None:
    preferences = Preferences()
    preferences.store(DRAFT, damaged)
    desk = RecipeDesk(preferences)
    assert desk.draft == desk.taken_up == Draft.of(ACCURATE)
