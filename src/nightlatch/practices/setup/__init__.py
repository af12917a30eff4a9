"""Set-up and configuration: codes, passwords, second factors, rights and features."""
