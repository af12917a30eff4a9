"""The real Home Assistant, with its demo locks, in a namespace of its own."""
