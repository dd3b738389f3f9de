"""What must hold of a month, one rule each."""
