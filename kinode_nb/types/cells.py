"""What is known of the notebook cell that runs."""

blank_lines = 0
"""How many stand at its top. The notebook's shell drops them before it compiles a cell, or hands it
on; a person counts them."""
