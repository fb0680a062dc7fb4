"""The mask of valid vertices and the weights of single ones: painted on the fit, tried on a frame, saved.

May import the base and ``parameters``. Start with `painting`, which owns what is painted; `brush` and
`lasso` are its tools, `panel` the rest.
"""
