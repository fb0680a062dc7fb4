"""How the objective is minimised: Gauss-Newton on poses, frames coupled in time.

May import the objective and the recipe; knows nothing of stages. Start with `gauss_newton`; its matrices
are put together in `normal_equations` and `skin_products`.
"""
