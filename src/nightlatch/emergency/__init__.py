"""What happens to a home when one thing fails: who still gets in, who is let in, who can leave. Pure."""
