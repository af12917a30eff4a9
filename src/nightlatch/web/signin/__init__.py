"""Who is there: users, ways to sign in, sessions, tokens."""
