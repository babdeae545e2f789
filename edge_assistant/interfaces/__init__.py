"""Doors: each turns events into something a person or a machine can use, and does nothing else."""
