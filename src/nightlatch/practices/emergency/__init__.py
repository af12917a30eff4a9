"""Emergency planning: batteries, power, network, and getting in without them."""
