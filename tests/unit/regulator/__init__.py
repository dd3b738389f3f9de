"""Tests of the regulators' rules."""
