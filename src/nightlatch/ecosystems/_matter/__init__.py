"""What the matter ecosystem is made of: the talk with the server, the lock's attributes, its users."""
