"""The system processes of a node."""
