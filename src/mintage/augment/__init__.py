"""One change of a sample a file, deterministic given its row of uniform numbers."""
