"""The two panels that look into bodies: joints with their vertices, and the model inspector with the
regressor, the correspondence and joint sets.

One folder a page, which may import the base and pages below it; `panel` and `model_panel` put them together
from `pages` and what both share, `looked_into`. Start with `pages`.
"""
