"""The processes of echo."""
