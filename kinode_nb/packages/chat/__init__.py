"""Chat between nodes."""
