"""What runs a process's code."""
