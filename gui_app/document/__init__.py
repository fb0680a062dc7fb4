"""What is open and what can be done with it: state, history, actions, preferences. No widgets of its own.

May import ``style``, ``tasks``, ``widgets`` and the plain values of ``scene``; every part of the window
builds on it. Start with `state.AppState` and its four parts; for undo with `document_snapshot`, `undo_stack`
and `history`.
"""
