"""The journal, measured beside plain SQLite, pymerkle and journalctl on the same entries."""
