"""pfSense: its config.xml."""

from __future__ import annotations

from nightlatch.sources._sense import Sense


class PfSense(Sense, kind="pfsense"):
    """Reads pfSense's config.xml. Password hashes, keys and certificates in it are never kept."""

    root_tag = "pfsense"
    title = "pfSense"
