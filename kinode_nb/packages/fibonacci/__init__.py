"""Fibonacci's numbers, and how long they take."""
