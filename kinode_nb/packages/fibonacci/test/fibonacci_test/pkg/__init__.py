"""The test of fibonacci."""
