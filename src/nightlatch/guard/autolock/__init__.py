"""Locks doors by themselves: when they are closed, never when they are open or that is not known."""
