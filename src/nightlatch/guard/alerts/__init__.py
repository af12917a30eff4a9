"""Tells people, and makes sure that they were told."""
