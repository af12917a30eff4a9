"""Writes an audit in the format that a file's ending names."""

from __future__ import annotations

import msgspec

from nightlatch.model.document import Audit

SUFFIXES = (".html", ".pdf", ".md", ".json")


def render(audit: Audit, suffix: str) -> bytes:
    """The report's bytes; `suffix` is one of SUFFIXES."""
    if suffix == ".json":
        return msgspec.json.format(msgspec.json.encode(audit), indent=2) + b"\n"
    if suffix == ".html":
        from nightlatch.report import html

        return html.render(audit).encode()
    if suffix == ".md":
        from nightlatch.report import markdown

        return markdown.render(audit).encode()
    from nightlatch.report import pdf

    return pdf.render(audit)
