"""How examples are arranged, one arrangement a file."""
