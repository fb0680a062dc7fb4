"""The numbers of the frame shown, and editing them.

May import the base only. Start with `editing`, which makes a step of the history of each edit; `panel`
shows the numbers.
"""
