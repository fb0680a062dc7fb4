"""The lower part of the window: error curves, problem marks, markers, range, heat strip, transport, playback.

May import the base, ``history``, ``problems`` and the joints' page. Start with `timeline`; frames become
pixels in `time_axis`.
"""
