"""OPNsense: its config.xml, with the rules of both generations."""

from __future__ import annotations

from nightlatch.sources._sense import Sense


class OpnSense(Sense, kind="opnsense"):
    """Reads OPNsense's config.xml. Password hashes, keys and certificates in it are never kept."""

    root_tag = "opnsense"
    title = "OPNsense"
