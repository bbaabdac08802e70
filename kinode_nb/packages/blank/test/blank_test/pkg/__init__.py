"""The test of blank."""
