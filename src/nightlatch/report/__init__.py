"""Views of one and the same audit: terminal, HTML, PDF, Markdown, JSON."""
