"""What lies inside bodies and correspondences: joints, regressors, masks, rows. Arrays in, arrays out."""
