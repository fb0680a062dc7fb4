"""Running fits: one at a time, in a thread, with its progress shown; and one behind it, to be compared.

May import the base and ``history``. Start with `fit_controller`; what runs in the thread is in
`fit_worker`.
"""
