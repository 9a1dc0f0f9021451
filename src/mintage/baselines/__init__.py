"""Simple ways to make more of a table, for a judge to set beside what a model makes: what it must beat to be worth it."""
