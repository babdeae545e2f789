"""The five ways of answering; one file each, and none knows another."""
