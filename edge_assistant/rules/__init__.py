"""Rules: read, indexed and matched."""
