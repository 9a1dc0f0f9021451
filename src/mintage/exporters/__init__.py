"""What outlives a run: each file writes a trained sampler in one form that other programs open."""
