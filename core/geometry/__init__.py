"""Geometry of skins: closest points, the mesh as a graph, mirror images, regions, sets of vertices, and which
axis of a world is up.

May import the model alone; arrays in, arrays out. Start with `mesh_graph`; `vertex_masks` has the
operations that the mask panel offers.
"""
