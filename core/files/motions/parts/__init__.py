"""What the modules of several tools need: what a file holds, and the takes of its people.

The lowest of the motions, imports ``core.files.containers`` and the model.
"""
