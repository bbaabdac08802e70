"""The test of echo."""
