"""Pure: usage meters and thresholds."""
