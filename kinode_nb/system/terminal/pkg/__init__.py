"""The scripts of the terminal; each file is one."""
