"""The page of joint sets of one's own: put together, shown, kept in files, exported over the motion.

May import the base and ``joints``. Start with `model`; `page` shows it, `in_view` on the bodies.
"""
