"""Prints what it gets: where a package of one's own can begin."""
