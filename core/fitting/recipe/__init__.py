"""What a fit is told to do: settings of a stage with their ranges, stages in a row, and overrides from a
command line.

Plain values, checked when they are made; imports the model's names and nothing that computes. Start with
`settings.FitSettings`, where each setting is explained with its unit.
"""
