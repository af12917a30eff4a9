"""Collect facts, merge them into a home, judge it, score it; what changed since the last time."""
