"""What devices are asked for in few operations, and what they keep: rotations, and arrays to index with.

Stands below the model; imports nothing of the product.
"""
