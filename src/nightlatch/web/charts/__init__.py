"""Charts made on the server: SVG with a text alternative, coloured by classes of parts.css. No script."""
