"""The arithmetic that scores are made of: intervals, moments, kernels, neighbours; it knows points, never pictures."""
