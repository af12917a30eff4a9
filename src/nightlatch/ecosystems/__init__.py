"""Live connections to hubs. One file each, found by its kind."""
