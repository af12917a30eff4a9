"""Network security: zones, Wi-Fi, the router and what it opens."""
