"""The engine: it knows games by contract only."""
