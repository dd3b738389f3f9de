"""Signals to notifications: the pipeline of decisions, the marketing gate, rendering, channels, delivery."""
