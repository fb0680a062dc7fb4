"""The stages of the published conversion, with its settings."""

from __future__ import annotations

from core.fitting.settings import FitSettings

# `transfer_model` of the `smplx` repository, config_files/smplh2smplx.yaml: trust-ncg, at most 100 steps, no
# prior, no weight, every pose parameter free, ten betas and ten expression coefficients a frame.
PUBLISHED_STAGES = (
    FitSettings(
        stage="edge", iterations=100, shape="fixed", expression="off", pose_prior=0.0,
        free_jaw=True, free_eyes=True, jaw_prior=0.0, eyes_prior=0.0,
    ),
    FitSettings(stage="translation", iterations=100, shape="fixed", pose_prior=0.0),
    FitSettings(
        stage="vertex", iterations=100, shape="per-frame", expression="per-frame", pose_prior=0.0,
        free_jaw=True, free_eyes=True, jaw_prior=0.0, eyes_prior=0.0, shape_prior=0.0,
        expression_prior=0.0, num_betas=10,
    ),
)  # fmt: skip
