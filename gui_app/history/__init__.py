"""The history panel, and an earlier fit held against the present one.

May import the base only. Start with `panel`; undo itself is in `gui_app.document.history`, comparing in
`comparison`.
"""
