"""Who else remembers how the journal stood: one kind of witness each, found by its kind."""
