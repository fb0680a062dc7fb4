"""Shapes that the fits of a conversion hold.

`held_shape` takes one from a file and says what of a recipe is left to do with it; `subjects` solves one for
each person from all their clips.
"""
