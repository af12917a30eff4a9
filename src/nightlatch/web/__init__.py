"""The web app: pages, API and sign-in of a running Nightlatch."""
