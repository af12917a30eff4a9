"""Knowledge of lock models, known vulnerabilities, weak PINs and vendors' hosts: data files and lookup.

What other packages use (everything else is internal):

- `Catalogue()`: `.zwave(ids)`, `.zigbee(model)`, `.matter(ids)`, `.search(text)`, `.identify(text)`,
  `.vulnerabilities(model, firmware)`, `.newest_firmware(model)`, `.host(name)`, `.vendor(name)`,
  `.integration(name)`, `.source(key)`, `.default_pins(model)`, `.entries()`.
- `Knowledge` (`.entry`, `.profile`, `.battery`, `.fact(name)`), `Known`, `Judged`, `Status`, `Role`.
- `settable_parameters(entry)`, `parameter(entry, role)`: what may be advised and set.
- `nightlatch.catalogue.pins`: `weaknesses(pin, catalogue, model)`, `alike(one, other)`.
- `nightlatch.catalogue.passwords`: `score(password, hints)`.
- `nightlatch.catalogue.imports`: `read(kind, path)` and `together(imported)` for the
  owner's newer data.
- `nightlatch.catalogue.claims`: `catalogued(home, catalogue)`, what is known of its locks, as claims.

Catalogued facts say what a model can do, never how one lock is set.
"""

from __future__ import annotations

from nightlatch.catalogue.flaws import Judged, Status
from nightlatch.catalogue.lookup import Catalogue
from nightlatch.catalogue.parameters import parameter, settable_parameters
from nightlatch.catalogue.structs import Confidence, Knowledge, Known, Match, Parameter, Purpose, Role

__all__ = [
    "Catalogue",
    "Confidence",
    "Judged",
    "Knowledge",
    "Known",
    "Match",
    "Parameter",
    "Purpose",
    "Role",
    "Status",
    "parameter",
    "settable_parameters",
]
