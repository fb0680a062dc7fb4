"""What lies inside bodies and correspondences: joints, regressors, masks, rows. Arrays in, arrays out.

May import the model, geometry, measures and readers of bodies. Start with `support` (which vertices make a
joint) and `correspondence_report` (what is wrong with a correspondence).
"""
