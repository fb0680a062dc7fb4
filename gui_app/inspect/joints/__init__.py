"""The page of joints: the tree, the vertices that regress each of them, what a vertex feeds, joints over
time.

May import the base and ``regressor``. Start with `tree` and `support_page`; `in_view` draws on the bodies.
"""
