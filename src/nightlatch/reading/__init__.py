"""Reads foreign files within bounds of size, depth and number. Every failure is a ReadError naming the place."""
