"""Frames that stand out: found, explained, judged (failed fit or model gap), fitted again, accepted.

May import fits and measures. Start with `rules` (what counts as a problem, from `core.measure.figures`) and
`detect`; `fix_strategies` tries to put them right.
"""
