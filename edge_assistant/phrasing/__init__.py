"""Free phrasing: what a request means that no sentence template foresaw, and how sure that is."""
