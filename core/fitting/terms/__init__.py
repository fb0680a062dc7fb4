"""What pulls on a fit beside its targets: priors on pose, shape and expression, smoothness, acceleration.

One module a term, named by the setting that weighs it (``term`` in `core.fitting.recipe.settings`), with
`terms_of(given)`, which makes it of the settings and of what is `given`. May import the objective and the
recipe. Start with `core.fitting.objective.term`, which says what a term is.
"""
