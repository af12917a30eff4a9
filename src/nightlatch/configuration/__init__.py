"""The owner's `nightlatch.toml`: found, read with errors that name the line, and edited without losing comments."""
