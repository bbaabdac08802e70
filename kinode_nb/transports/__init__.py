"""How bytes reach another node."""
