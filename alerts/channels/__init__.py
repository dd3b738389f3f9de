"""The channels by which notifications leave: one protocol, one file a channel."""
