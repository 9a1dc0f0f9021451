"""`python -m mintage`, as torchrun starts it."""

from mintage.cli import main

main()
