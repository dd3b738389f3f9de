"""`python -m forewarn` is the command `forewarn`."""

from forewarn.stream.cli import main

main()
