"""The built-in packages; each is a folder, with no privilege that a user's lacks."""
