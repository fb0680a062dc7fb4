"""Work beside the window: jobs in threads that can be stopped, calls that are put together, whether there
is a display.

The bottom of the window with ``style``: knows nothing of bodies. Start with `background_job`.
"""
