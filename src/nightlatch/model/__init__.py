"""What a home is, and what a fact is. Frozen values, no I/O."""
