"""A home in a process: its doors, its people, and what can go wrong."""
