"""Tests that take their time and need nothing but this machine."""
