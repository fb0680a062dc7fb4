"""The people of a file that holds several: who is looked at, and what was done for each.

May import the base, ``export``, ``files``, ``fit`` and ``session``. Start with `desk`, which knows who
there is and goes from one to the other; `chooser` is its bar above the bodies, `others` shows those beside,
`fit_all` fits everybody, `exported` gives the fits of all to what exports them. Of files of one person
nothing here is seen.
"""
