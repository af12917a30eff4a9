"""Makes the locks match the grants: what is to be sent next, how often, and what became of it."""

from nightlatch.access.reconciler.chooser import Act, Step
from nightlatch.access.reconciler.driver import Reconciler
from nightlatch.access.reconciler.settings import Limits

__all__ = ["Act", "Limits", "Reconciler", "Step"]
