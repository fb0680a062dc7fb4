"""Running fits: one at a time, in a thread, with its progress shown.

May import the base and ``history``. Start with `fit_controller`; what runs in the thread is in
`fit_worker`.
"""
