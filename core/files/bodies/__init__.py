"""Body models, correspondences, regressors and sets of vertices in files, read and written.

May import ``core.files.containers`` and the model. Start with `core.files.bodies.models`; how a folder of
licensed models is searched is in `core.files.bodies.model_folder`.
"""
