"""The window of Refit: human motion beside its SMPL-X fit. Knows core; nothing in core knows it."""
