"""A running Nightlatch: wires the parts together, and nothing else does."""
