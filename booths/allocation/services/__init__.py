"""What allocation does: applications, runs of the optimiser, booths given by hand."""
