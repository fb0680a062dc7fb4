"""What the modules of several tools need to read their files.

The lowest of the motions, imports ``core.files.containers`` and the model.
"""
