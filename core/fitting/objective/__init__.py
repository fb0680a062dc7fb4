"""What is minimised: distances of skin and edges from their targets, priors and smoothness, with their
gradients.

May import the model alone; knows nothing of steps or stages. Start with `objective`; the mathematics of
the skin cut into patches is in `patches`, of skins that are posed for their own sake in `skin_pieces`, and of
dense pose correctives in few products in `smooth_correctives`.
"""
