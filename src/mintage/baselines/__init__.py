"""Simple ways to make more of a table, for a judge to set beside a model: what it must beat to be worth it."""
