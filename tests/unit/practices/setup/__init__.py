"""Set-up and configuration, judged."""
