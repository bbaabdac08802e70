"""The processes of chat-with-file-transfer."""
