"""The laboratory of message-passing systems, in a notebook."""
