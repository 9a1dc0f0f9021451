"""Who moves, when, for what stake."""
