"""Shows what it gets."""
