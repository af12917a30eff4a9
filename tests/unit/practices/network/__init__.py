"""Network security, judged."""
