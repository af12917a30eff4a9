"""What a router is asked as an internet gateway: SSDP, its description, its mappings, NAT-PMP and PCP."""
