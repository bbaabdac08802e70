"""The test of file-transfer."""
