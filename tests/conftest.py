"""Loads the fixtures of the rigs."""

pytest_plugins = [
    "tests.rigs.fixtures_homeassistant",
]
