"""The processes of file-transfer."""
