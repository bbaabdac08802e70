"""The processes of chat."""
