"""Advice for a lock before or after buying it: the same practices, judged of a lock that is only supposed."""
