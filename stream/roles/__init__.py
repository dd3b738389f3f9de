"""Thin shells, one a role: each wires topics to pure folds."""
