"""A Texas Instruments ZNP radio over TCP with one Yale door lock in range: what a real stick would say."""
