"""Facts from files, exports and probes. One file each, found by its kind."""
