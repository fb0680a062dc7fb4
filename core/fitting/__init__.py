"""Fits: from a motion and a pair of bodies to the target's parameters, frame by frame.

What a fit does is in ``recipe``, what it minimises in ``objective``, how in ``solver`` and ``shape``, one
stage of it in ``stage``; ``reference`` holds the slow methods it is measured against. Imports those, the
model and measures, no files of users. Start with `core.fitting.run.FitRun`;
``parts`` makes such a run in parts, by several processes.
"""
