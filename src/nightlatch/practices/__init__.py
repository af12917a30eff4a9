"""The 25 best practices: one module each, pure functions of the home, in seven folders."""
