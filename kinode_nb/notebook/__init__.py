"""What a person at a notebook sees: the magics, the widgets and the Kinode Jupyter kernel."""
