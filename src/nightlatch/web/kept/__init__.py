"""What the web app keeps in memory of the running home, so that pages are quick: it is made anew with each start."""
