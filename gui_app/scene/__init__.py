"""The picture: bodies, skeletons, labels, legends and cameras in VTK. No Qt widgets, no state.

May import ``style`` and ``tasks``; what it shows is handed in as plain values (`subject`, `view_options`).
Start with `scene`.
"""
