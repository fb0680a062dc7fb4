"""The lower part of the window: error curves, problem marks, the range, heat strip, transport and playback.

May import the base, ``history``, ``problems`` and the joints' page. Start with `timeline`; frames become
pixels in `time_axis`.
"""
