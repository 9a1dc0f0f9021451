"""One way of spoiling pictures a file, deterministic given its row of uniform numbers."""
