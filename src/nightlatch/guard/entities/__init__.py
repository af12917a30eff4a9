"""Nightlatch's own entities in Home Assistant, by MQTT discovery."""
