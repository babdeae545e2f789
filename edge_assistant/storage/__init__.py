"""What must be kept: SQLite files under the assistant's home."""
