"""Physical protection and installation."""
