"""The features that this build was made with; generated, and written anew by each build."""

FEATURES: frozenset[str] = frozenset()
