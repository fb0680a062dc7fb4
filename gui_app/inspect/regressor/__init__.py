"""The page of the regressor: its figures, its picture, another one compared, weights edited and saved.

May import the base only. Start with `model`; `page` shows it.
"""
