"""Figures for Prometheus. They count; no person, code or name is in them, only the owner's ids of things."""

from __future__ import annotations

from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

LATENCIES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The figures of one service, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        gauge = partial(Gauge, namespace="nightlatch", registry=self.registry)
        histogram = partial(Histogram, namespace="nightlatch", registry=self.registry, buckets=LATENCIES)
        self.events = Counter(
            "events", "events put into the journal", ["kind"], namespace="nightlatch", registry=self.registry
        )
        self.entries = gauge("journal_entries", "entries in the journal")
        self.waiting = gauge("intake_waiting", "events that wait to be put into the journal")
        self.commit = histogram("commit_seconds", "from hearing an event to its commit")
        self.alert = histogram("alert_seconds", "from hearing an event to its alert")
        self.connected = gauge("ecosystem_connected", "1: connected, 0: not", ["ecosystem"])
        self.secured = gauge("lock_secured", "1: door closed and bolt thrown, 0: not, -1: unknown", ["lock"])
        self.battery = gauge("lock_battery_percent", "charge of the lock's battery", ["lock"])
        self.alerts = gauge("alerts_open", "alerts that are open", ["severity"])
        self.codes = gauge("codes", "lines of the ledger of codes", ["state"])
        self.outbox = gauge("outbox_waiting", "messages that wait to be delivered")
        self.score = gauge("audit_score", "score of the last audit, 0 to 100")
        self.intact = gauge("journal_intact", "1: intact at the last verification, 0: not, -1: not verified")

    def render(self) -> bytes:
        """All of them in Prometheus' text format."""
        return generate_latest(self.registry)
