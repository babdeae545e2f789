"""Work around the assistant: checking, measuring, keeping it well."""
