"""The next step for what was found, tailored to the lock, the hub or the router at hand."""
