"""How each kind of data is shown and checked while it is learned: frames, real examples, health, film."""
