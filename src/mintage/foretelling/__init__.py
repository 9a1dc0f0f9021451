"""Simple means that foretell a time line: what any model of it has to beat."""
