"""The parts of the Zigbee2MQTT ecosystem: its settings, its devices, its data folder."""
