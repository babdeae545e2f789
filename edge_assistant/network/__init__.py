"""Whether the cloud can be reached, and through which endpoint."""
