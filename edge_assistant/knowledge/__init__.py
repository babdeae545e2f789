"""What the documents say: reading, cutting, keeping and finding passages."""
