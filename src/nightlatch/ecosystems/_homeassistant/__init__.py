"""What the homeassistant ecosystem is made of: the live talk, the folder, and what follows from either."""
