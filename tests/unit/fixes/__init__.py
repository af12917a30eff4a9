"""Next steps, tailored."""
