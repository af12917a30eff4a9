"""The `zwave` rig: the real zwave-js driver and server against simulated locks."""
