"""The panel of a fit's stages: settings as cards, recipes, one frame followed step by step.

May import the base and ``fit``. Start with `panel` and `card`; the recipe itself is in
`gui_app.document.recipe_editor`.
"""
