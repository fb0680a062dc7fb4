"""The panel of problem frames: found in the background, explained, accepted, fitted again, fixed.

May import the base, ``fit`` and ``history``. Start with `model`, the rows and what is known of them;
`analysis_controller` finds them, `fix_trial` tries strategies.
"""
