"""Live views for notebooks; each is true as plain text too, where no widget can be shown."""
