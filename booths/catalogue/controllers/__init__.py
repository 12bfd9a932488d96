"""Pages and API of the catalogue."""
