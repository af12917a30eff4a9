"""The local log that nobody can quietly change: append, prove, verify, erase."""
