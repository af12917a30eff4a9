"""The real software that Nightlatch is tested against; only the radio is simulated."""
