"""The floor plan over HTTP."""
