"""Firmware and maintenance."""
