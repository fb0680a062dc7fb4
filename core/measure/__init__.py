"""Figures of motions and fits: errors over time, jitter, ground contact, joints, one fit against another.

May import the model, geometry and `core.correspond`; fits nothing itself. Start with `measure_motion`,
which calls the others; what each figure means, and when it makes a frame a problem, is in `figures`.
"""
