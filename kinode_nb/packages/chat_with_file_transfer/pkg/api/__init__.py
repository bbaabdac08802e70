"""The APIs that this package speaks, generated from WIT."""
