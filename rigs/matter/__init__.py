"""The real Python Matter Server with a commissioned Matter door lock, in a namespace of their own."""
