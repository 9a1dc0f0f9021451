"""One architecture a file: its networks, its hyper-parameters, the game it plays."""
