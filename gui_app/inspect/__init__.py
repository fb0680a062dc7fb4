"""The panel that looks into bodies: joints, joint sets, the regressor, the correspondence.

One folder a page, which may import the base and pages below it; `panel` puts them together. Start with
`panel`.
"""
