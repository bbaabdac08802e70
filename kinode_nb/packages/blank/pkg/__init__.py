"""The processes of blank."""
