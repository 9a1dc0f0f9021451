"""Networks that turn samples into features for judging, one a file."""
