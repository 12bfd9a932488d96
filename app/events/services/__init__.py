"""What events does: editions, places, the programme."""
