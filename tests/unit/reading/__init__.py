"""Tests of bounded reading."""
