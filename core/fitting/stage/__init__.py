"""One stage of a fit over its frames: where they start, in which chunks they go, what comes of them.

May import the shape, the solver, the objective and the recipe. Start with `stage`; where frames begin is in
`initial_pose` and `warm_start`, what is told of a fit afterwards in `provenance`.
"""
