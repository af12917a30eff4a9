"""Device selection: what to look for in a lock."""
