"""One database behind small interfaces: SQLite in the state folder, migrated when it is opened."""
