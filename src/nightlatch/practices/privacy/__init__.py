"""Privacy: what is kept, by whom, and for how long."""
