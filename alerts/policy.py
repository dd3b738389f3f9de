"""What an operator tunes about telling customers and holding marketing. Fields ending in `_s` are seconds."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct, field

from forewarn.alerts.journeys.journey import Journey, Name
from forewarn.topics.events.customers import AlertKind, Channel, QuietHours

DAY_S = 86_400.0
#: Every channel that there is.
CHANNELS: tuple[Channel, ...] = get_args(Channel)

Seconds = Annotated[float, Meta(ge=0, le=400 * DAY_S)]
Period = Annotated[float, Meta(ge=0.1, le=400 * DAY_S)]


#: Defaults of `still_out_words` and `works_words`.
STILL_OUT_WORDS: dict[str, tuple[str, ...]] = {
    "en": ("still out", "still down", "still no ", "still not working", "still does not work", "still nothing"),
    "de": ("immer noch", "weiterhin gestört", "noch gestört", "noch kein", "geht noch nicht"),
    "es": ("sigue sin", "sigo sin", "seguimos sin", "todavía no", "aún no", "aún sin", "todavía sin"),
    "fr": ("toujours en panne", "toujours pas", "toujours rien", "encore en panne", "ne marche toujours"),
}
WORKS_WORDS: dict[str, tuple[str, ...]] = {
    "en": ("no", "works", "it works", "working", "ok", "all good", "back"),
    "de": ("nein", "geht", "es geht", "funktioniert", "läuft", "ok"),
    "es": ("no", "funciona", "ya funciona", "ok", "ya va"),
    "fr": ("non", "ça marche", "ça fonctionne", "c'est bon", "ok"),
}


class Cap(Struct, frozen=True, forbid_unknown_fields=True):
    """At most `limit` messages to one customer in any stretch of `window_s`.

    Of one kind (an alert kind, or `marketing`) and one channel, or of all where none is named. `name` is what decisions
    call it.
    """

    name: str
    limit: Annotated[int, Meta(ge=1, le=1000)]
    window_s: Period
    kind: AlertKind | Literal["marketing"] | None = None
    channel: Channel | None = None

    def covers(self, kind: str, channel: str) -> bool:
        """Whether messages of that kind and channel count."""
        return self.kind in (None, kind) and self.channel in (None, channel)


class AlertPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """Defaults suit a consumer operator; `deploy/demo-policy.toml` shows a fast one."""

    # --- notices
    #: Wait between an outage's confirmation (or growth) and telling its customers.
    group_wait_s: Seconds = 30.0
    #: A told customer whose element left the outage's set for this long is told `restored`.
    left_hysteresis_s: Seconds = 300.0
    #: Customers judged in one commit unit while an outage is fanned out.
    fan_out_customers: Annotated[int, Meta(ge=1, le=500)] = 500
    #: Channels that may be used; unset: all that are set up.
    channels: tuple[Channel, ...] | None = None
    #: Order of channels for a customer who did not choose.
    default_channels: tuple[Channel, ...] = ("email", "sms", "push")
    #: Kinds that nobody can switch off.
    critical_kinds: tuple[AlertKind, ...] = ()
    #: Kinds that vulnerable customers cannot switch off.
    critical_for_vulnerable: tuple[AlertKind, ...] = ("outage",)
    #: Kinds that are sent only with a consent for their own name or for `marketing`.
    consent_kinds: tuple[AlertKind, ...] = ("offer", "survey")
    #: How long an unsent notice stays worth sending, by kind of news.
    outage_valid_s: Period = 4 * 3600.0
    restored_valid_s: Period = 4 * 3600.0
    usage_valid_s: Period = DAY_S
    #: The answer to a keyword (STOP, START, HELP) is worth sending this long after it.
    answer_valid_s: Period = 3600.0
    #: A new time of restoration is told when it moves by more than this ...
    etr_moved_s: Seconds = 1800.0
    #: ... or by more than this share of the time that was left.
    etr_moved_share: Annotated[float, Meta(ge=0, le=10)] = 0.25
    #: Of an outage with more customers than this, a new time is told only when it moves by more than this many seconds.
    storm_customers: Annotated[int, Meta(ge=1)] = 50_000
    storm_etr_moved_s: Seconds = 2 * 3600.0
    #: Messages a second of outages and maintenance that a channel takes, over all partitions; one not named: all.
    channel_rates: dict[Channel, Annotated[float, Meta(gt=0, le=1e6)]] = {}
    #: Estimates are told to customers rounded up to this; smaller moves are never told.
    promise_step_s: Period = 300.0
    #: An address that was found not to work is not used for this long, unless it changes or a delivery proves it good.
    bad_contact_s: Period = 30 * DAY_S
    #: In mode `allow-list` only these customers are sent anything.
    allow_list: tuple[str, ...] = ()
    #: For customers whose profile names none, or one without templates.
    default_time_zone: str = "UTC"
    default_locale: str = "en"
    #: The operator's name as it stands above and below messages.
    brand: str = ""
    #: Directory of the operator's own templates, looked up before those that come with Forewarn.
    templates: str = ""
    #: Local hours in which a customer who chose none is told only what is critical.
    quiet_hours: QuietHours | None = None
    #: How much a customer is told at most; of several that apply the most restrictive wins.
    caps: Annotated[tuple[Cap, ...], Meta(max_length=20)] = (
        Cap("marketing_day", 3, DAY_S, kind="marketing"),
        Cap("offer_week", 2, 7 * DAY_S, kind="offer"),
        Cap("survey_week", 1, 7 * DAY_S, kind="survey"),
        Cap("sms_day", 20, DAY_S, channel="sms"),
        Cap("day", 30, DAY_S),
    )
    #: Kinds that pass whatever the caps say, as critical messages and the end of what was told do.
    uncapped_kinds: tuple[AlertKind, ...] = ("outage", "maintenance", "usage", "appointment", "bill")
    #: Whether what passes whatever the caps say takes a place in them.
    uncapped_count: bool = True

    # --- the marketing gate
    #: No marketing for this long after confirmed restoration.
    lease_s: Seconds = DAY_S
    #: An approval is good for this long.
    approval_valid_s: Period = 300.0
    #: A request without `expires` lives this long.
    request_life_s: Period = 7 * DAY_S
    #: Review of a request held for something whose end is not known.
    review_s: Period = 6 * 3600.0
    #: Review of a request held because what Forewarn knows is not fresh.
    stale_review_s: Period = 30.0
    #: Requests freed by the same event are reviewed spread over this long, a customer's own by priority.
    release_spread_s: Seconds = 300.0
    #: A complaint without a case holds marketing for this long.
    complaint_s: Seconds = 7 * DAY_S
    #: A support case that nobody closed holds marketing for this long at most.
    case_s: Seconds = 90 * DAY_S
    #: A bill above this many times the median of the six before it, and above that median by more than the floor (in
    #: its own currency), is a shock: it is explained while that is worth it, and holds marketing for `bill_shock_s`.
    bill_shock_ratio: Annotated[float, Meta(gt=1)] = 1.3
    bill_shock_floor: Annotated[float, Meta(ge=0)] = 5.0
    bill_valid_s: Period = 3 * DAY_S
    bill_shock_s: Seconds = 7 * DAY_S
    #: Usage at or over the whole allowance holds marketing for this long.
    overage_s: Seconds = 7 * DAY_S
    #: correlate's progress mark is stale when its tick is older than this ...
    mark_tick_s: Period = 60.0
    #: ... or when its event time is further behind than this (allowed lateness + 60 s).
    mark_event_s: Period = 120.0

    # --- replies
    #: A reply counts for an outage that was over for at most this long.
    still_out_s: Period = DAY_S
    #: What customers write when they are still out, by language; a part of the reply is enough.
    still_out_words: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(STILL_OUT_WORDS))
    #: What they write, to begin with, when asked and service is back.
    works_words: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(WORKS_WORDS))

    # --- journeys
    #: A journey's message is worth sending this long after it is said, and no longer than its step's `until`.
    journey_valid_s: Period = DAY_S
    #: Journeys of one's own, by name; one of a built-in journey's name stands in its place (docs/journeys.md).
    journeys: Annotated[dict[Name, Journey], Meta(max_length=100)] = {}
    #: Languages in which own journeys must have their words; unset: all that there are words in.
    languages: tuple[str, ...] = ()

    # --- housekeeping
    #: What was told about an outage is remembered for this long after its end, and no shorter than the lease.
    told_kept_s: Period = DAY_S
    #: Period of the rows in `progress`.
    progress_s: Period = 5.0


def ms(seconds: float) -> int:
    """Whole milliseconds of a policy's duration."""
    return round(seconds * 1000)
