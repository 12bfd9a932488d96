"""Pages and API of events."""
