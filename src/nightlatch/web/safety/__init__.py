"""What stands between the network and the pages: where a request may come from, how often, and what answers allow."""
