"""The history panel, and fits compared: an earlier one with the present one, and any two side by side.

May import the base only. Start with `panel`; undo itself is in `gui_app.document.history`, comparing with
what was before in `comparison`, two fits beside each other in `side_by_side`.
"""
