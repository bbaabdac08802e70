"""The test of chat-with-file-transfer."""
