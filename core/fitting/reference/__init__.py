"""Yardsticks: the objective by autograd on the `smplx` package's own layers, and the published method step
by step.

Slow and plain on purpose, so that the engine can be checked against them. May import everything in
``fitting`` but the run itself. Start with `autograd_objective`.
"""
