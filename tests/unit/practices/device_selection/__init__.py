"""Device selection, judged."""
