"""Figures of motions and fits: errors over time, jitter, ground contact, joints, one fit against another.

May import the model, geometry, `core.correspond`, and of fits what poses whole skins
(`core.fitting.objective`) and recipes; fits nothing itself. Start with `measure_motion`,
which calls the others; what each figure means, and when it makes a frame a problem, is in `figures`.
"""
