"""The real Zigbee2MQTT with a real broker; the radio and the lock behind it are simulated."""
