"""A house's network: router, LAN, IoT and WAN segments, a firewall with four faces, a real miniupnpd."""
