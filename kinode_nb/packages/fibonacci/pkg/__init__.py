"""The processes of fibonacci."""
