"""The shape that all frames share, solved together with the poses of some of them.

May import the solver, the objective and the recipe; knows nothing of stages. Start with `shape_solve`; its
equations and how they are solved are in `arrow`.
"""
