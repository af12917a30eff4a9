"""Nightlatch: audits, guards and manages smart locks from evidence."""

__version__ = "0.1.0"
