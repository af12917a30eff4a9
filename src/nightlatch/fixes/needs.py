"""How an owner says that a feature is needed: the list is answered whole, so what it holds already stays in it."""

from __future__ import annotations

from nightlatch.model.home import Home, Need


def say_it_is_needed(home: Home, need: Need) -> str:
    """The step that lists one more feature as needed."""
    listed = home.needs.value if home.needs is not None else ()
    return f"Or, if you need it, say so: nightlatch answer home needs {','.join(dict.fromkeys((*listed, need)))}"
