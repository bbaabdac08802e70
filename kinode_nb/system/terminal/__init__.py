"""The terminal: a process that starts scripts, and the scripts that come with it."""
