"""`make score`: twenty seeds simulated, replayed and scored; docs/score.md with its plots."""
