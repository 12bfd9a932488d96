"""What payments does: documents and their settlement, the inbox of events."""
