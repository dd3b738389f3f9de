"""Every metric that Forewarn exposes, declared once: name, meaning, labels, base unit.

`observer.py` feeds them from what workers commit, `health.py` serves them. Invariant: no label holds anything of a
customer; label values come from enums, the topic catalog and partition numbers, so their number is bounded.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

#: From a quick unit to one that had to wait for the broker.
_UNIT_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
#: From an alert within a beat to one that waited for the morning.
_END_TO_END_SECONDS = (
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
    60.0,
    120.0,
    300.0,
    900.0,
    3600.0,
    28800.0,
)
#: From a suspicion within a tick to an outage of a day.
_OUTAGE_SECONDS = (
    30.0, 60.0, 120.0, 180.0, 240.0, 300.0, 420.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0, 43200.0, 86400.0
)  # fmt: skip
_CUSTOMERS = (1, 10, 100, 1_000, 10_000, 100_000)
_RECORDS = (1, 10, 100, 1_000, 10_000)
_BYTES = (1_000, 10_000, 100_000, 1_000_000, 4_000_000)


class Metrics:
    """The metrics of one process."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry if registry is not None else CollectorRegistry()
        self._declare_worker()
        self._declare_input()
        self._declare_outages()
        self._declare_duties()
        self._declare_messages()
        self._declare_answers()

    def expose_process(self) -> None:
        """Adds memory, CPU, garbage collection and version of the process."""
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    def _declare_worker(self) -> None:
        to = self.registry
        self.worker = Info("forewarn_worker", "Role, version, policy and mode of this worker", registry=to)
        self.ready = Gauge("forewarn_ready", "1 when every owned partition is restored and folding", registry=to)
        self.partitions = Gauge("forewarn_partitions_owned", "Partitions that this worker owns", registry=to)
        self.recovered_keys = Counter("forewarn_recovered_keys", "Keys read back from changelogs", registry=to)
        self.recovered_records = Counter("forewarn_recovered_records", "Changelog records read back", registry=to)
        self.recovery_seconds = Gauge(
            "forewarn_recovery_seconds", "How long the last recovery took", ["partition"], registry=to
        )

    def _declare_input(self) -> None:
        to = self.registry
        self.events = Counter(
            "forewarn_events",
            "Events read, by what became of them (applied, dead_lettered, filtered)",
            ["topic", "outcome"],
            registry=to,
        )
        self.records = Counter("forewarn_records", "Records folded", registry=to)
        self.dead_letters = Counter(
            "forewarn_dead_letters", "Records that are no events", ["topic", "reason"], registry=to
        )
        self.unit_records = Histogram(
            "forewarn_unit_records", "Records folded into one commit unit", buckets=_RECORDS, registry=to
        )
        self.unit_bytes = Histogram(
            "forewarn_unit_bytes", "State bytes written by one commit unit", buckets=_BYTES, registry=to
        )
        self.unit_seconds = Histogram(
            "forewarn_unit_seconds",
            "From the start of folding a unit until the one before it was committed",
            buckets=_UNIT_SECONDS,
            registry=to,
        )
        self.consumer_lag = Gauge(
            "forewarn_consumer_lag_records", "Records not yet folded", ["topic", "partition"], registry=to
        )
        self.watermark_lag = Gauge(
            "forewarn_watermark_lag_seconds", "How far event time is behind the clock", ["partition"], registry=to
        )
        self.lost_input = Counter(
            "forewarn_lost_input_records", "Offsets that were deleted before they were applied", ["topic"], registry=to
        )

    def _declare_outages(self) -> None:
        to = self.registry
        self.outages = Gauge("forewarn_outages", "Outages now, by state", ["state"], registry=to)
        self.customers_affected = Gauge(
            "forewarn_customers_affected", "Customers of open outages, by state", ["state"], registry=to
        )
        self.outage_revisions = Counter(
            "forewarn_outage_revisions", "Revisions written, by state", ["state"], registry=to
        )
        self.outages_paged = Gauge(
            "forewarn_outages_paged", "Outages unknown for so long that an operator must look", registry=to
        )
        self.outage_delay = Histogram(
            "forewarn_outage_delay_seconds",
            "From the onset of an outage until a step (suspect, confirm, notice, restore)",
            ["step"],
            buckets=_OUTAGE_SECONDS,
            registry=to,
        )
        self.etr_error = Histogram(
            "forewarn_etr_error_seconds",
            "How far the last estimate was from the restoration, by which came first (early, late)",
            ["side"],
            buckets=_OUTAGE_SECONDS,
            registry=to,
        )
        self.outage_customers = Histogram(
            "forewarn_outage_customers", "Customers of an outage that is restored", buckets=_CUSTOMERS, registry=to
        )
        self.usage_alerts = Counter("forewarn_usage_alerts", "Usage alerts, by kind", ["kind"], registry=to)

    def _declare_duties(self) -> None:
        to = self.registry
        self.outages_overdue = Gauge(
            "forewarn_outages_overdue", "Confirmed outages whose promised time has passed", registry=to
        )
        self.works_late = Gauge(
            "forewarn_works_late", "Planned works that go on beyond the end that was announced", registry=to
        )
        self.obligations = Counter(
            "forewarn_obligations",
            "Regulators' obligations, by what became of them (due, met, overdue, ended)",
            ["pack", "state"],
            registry=to,
        )

    def _declare_answers(self) -> None:
        self.survey_scores = Counter(
            "forewarn_survey_scores",
            "Answers to surveys from 0 to 10, by what they were about (outage: satisfaction, appointment: effort)",
            ["about", "score"],
            registry=self.registry,
        )

    def _declare_messages(self) -> None:
        to = self.registry
        self.decisions = Counter(
            "forewarn_decisions",
            "Messages considered, by outcome and reason",
            ["subject", "outcome", "reason"],
            registry=to,
        )
        self.notifications = Counter(
            "forewarn_notifications", "Notifications considered", ["kind", "stage", "channel", "outcome"], registry=to
        )
        self.marketing_held = Counter(
            "forewarn_marketing_held", "Marketing requests held, by reason", ["reason"], registry=to
        )
        self.deliveries = Counter(
            "forewarn_deliveries", "Attempts and outcomes of delivery", ["channel", "outcome"], registry=to
        )
        self.retries = Counter("forewarn_delivery_retries", "Attempts after the first", ["channel"], registry=to)
        self.channel_seconds = Histogram(
            "forewarn_channel_seconds",
            "How long a provider took to answer",
            ["channel"],
            buckets=_UNIT_SECONDS,
            registry=to,
        )
        self.sms_parts = Counter("forewarn_sms_parts", "Parts of texts that the SMS centre took", registry=to)
        self.circuit = Gauge(
            "forewarn_circuit_state",
            "1 for the state that a provider's circuit is in",
            ["channel", "state"],
            registry=to,
        )
        self.end_to_end = Histogram(
            "forewarn_end_to_end_seconds",
            "From the time of the event until a step (detected, decided, delivered)",
            ["kind", "step"],
            buckets=_END_TO_END_SECONDS,
            registry=to,
        )
