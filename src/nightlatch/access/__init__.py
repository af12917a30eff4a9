"""Who may open which door: people, grants, schedules, the ledger, and what makes locks match."""
