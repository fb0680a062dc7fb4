"""What everything is made of: bodies, motions, correspondences, fits, and posing them. Arrays with names
and units.

The bottom of ``core``: imports errors and the words for arrays of ``core.files.containers``, and opens no
files. Start with `body.BodyModel`, `motion.Motion` and `fit_result.FitResult`.
"""
