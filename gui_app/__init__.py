"""The window of Refit: human motion beside its SMPL-X fit. Knows core; nothing in core knows it.

``style``, ``tasks``, ``widgets`` and ``scene`` know no document; ``document`` is what is open; each other
folder is one part of the window with its panel, model and worker; ``app`` puts them together, and
``from_python`` opens it for a program. No numerics here. Which folder may import which is in
``tests/test_layers.py``. Start with `gui_app.app.main_window`.
"""
