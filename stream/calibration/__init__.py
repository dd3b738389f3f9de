"""How well estimated times of restoration are kept: `forewarn etr report`."""
