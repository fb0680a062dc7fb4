"""Colours, the style sheet, icons, and changing them while the window is open.

The bottom of the window with ``tasks``: knows nothing of bodies. Start with `colours`, then `theme`.
"""
