"""The test of chat."""
