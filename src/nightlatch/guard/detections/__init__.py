"""What is worth telling: one detection a file."""
