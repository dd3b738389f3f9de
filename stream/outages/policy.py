"""What an operator tunes about finding outages and leading them through their life. Fields ending in `_s` are seconds.

Every duration of detector A and of the lifecycle stands here, so that a fast policy (beats of 1 s, confirmation after
10 s) runs the same code as the slow one.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from forewarn.stream.outages.etr_policy import EtrPolicy
from forewarn.stream.outages.kpi_policy import KpiPolicy

DAY_S = 86_400.0

Seconds = Annotated[float, Meta(ge=0, le=400 * DAY_S)]
Period = Annotated[float, Meta(ge=0.1, le=400 * DAY_S)]
Share = Annotated[float, Meta(gt=0, le=1)]


class OutagePolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """Defaults suit an access network whose devices beat every minute."""

    # --- time
    #: Tests run, and progress is reported, this often.
    tick_s: Period = 5.0
    #: Event time counts as complete this long after the highest event time seen.
    lateness_s: Seconds = 60.0

    # --- silence of one device
    #: Beat interval of a device that neither says one nor has shown one yet.
    interval_s: Period = 60.0
    #: A device is silent after this many of its intervals, or after its p99 gap if that is longer.
    silent_intervals: Annotated[float, Meta(ge=1, le=100)] = 3.0
    #: The p99 gap counts up to this many intervals: what is longer is an outage, not a habit.
    gap_intervals: Annotated[float, Meta(ge=1, le=1000)] = 10.0
    #: Gaps from which a device's interval is learned.
    learn_gaps: Annotated[int, Meta(ge=2, le=100)] = 8
    #: Devices that stay silent longer than this have their last beat kept in the table; the others' is read again.
    longest_silence_s: Period = 300.0

    # --- detector A
    #: W, the window in which devices count as newly down (at least one beat interval).
    window_s: Period = 300.0
    #: Windows of the level test, which catches what comes slowly.
    level_windows_s: tuple[Period, ...] = (1800.0, 7200.0)
    #: Suspected when so many devices would go down by chance with less than this probability ...
    surprise: Annotated[float, Meta(gt=0, lt=1)] = 1e-6
    #: ... and they are at least so many ...
    devices_min: Annotated[int, Meta(ge=1)] = 3
    #: ... and at least this share of those expected up.
    share_min: Share = 0.1
    #: The least base rate: one device of the group a day.
    quiet_s: Period = DAY_S
    #: Weight of the newest window in the base rate's moving average.
    base_rate_weight: Share = 0.05
    #: An element explains what its parent sees when it holds this share of the newly down devices;
    #: a parent explains its children when this share of them is hit.
    explain_share: Share = 0.8
    #: Confirmed this long after the suspicion ...
    confirm_s: Seconds = 90.0
    #: ... when this share of the devices that raised it is still down.
    confirm_share: Share = 0.8
    #: Over when at most this share of the most devices that were ever down together still is.
    clear_share: Annotated[float, Meta(ge=0, lt=1)] = 0.2

    # --- detector C: groups of few devices, and infrastructure elements
    #: Groups of fewer expected devices are judged by belief.
    sparse_devices: Annotated[int, Meta(ge=2, le=1000)] = 10
    #: The belief that a group is down right after one of its devices was heard.
    belief_heard: Annotated[float, Meta(gt=0, lt=0.5)] = 1e-4
    #: P(miss|up): a beat of a device that is up is lost so often, when losses come in bursts.
    miss_up: Annotated[float, Meta(gt=0, lt=1)] = 0.02
    #: Suspected from this belief on ...
    belief_down: Annotated[float, Meta(gt=0.5, lt=1)] = 0.9
    #: ... over when the belief is below one minus that, as somebody was heard, and at most this share is still down ...
    sparse_clear_share: Annotated[float, Meta(ge=0, lt=1)] = 0.5
    #: ... and a device that is down alone is confirmed after so many times `confirm_s`.
    lone_confirm: Annotated[float, Meta(ge=1, le=100)] = 1.6

    # --- detector F: flapping, with the figures of RFC 2439
    flap_penalty: Annotated[int, Meta(ge=1)] = 1000
    flap_half_life_s: Period = 900.0
    #: A device flaps from this penalty on ...
    flap_suppress: Annotated[int, Meta(ge=1)] = 3000
    #: ... until it has decayed to this ...
    flap_reuse: Annotated[int, Meta(ge=1)] = 750
    #: ... which is at most this long after its last flap.
    flap_max_s: Period = 3600.0
    #: What fell and came back shortly before is confirmed after so many times `confirm_s`, whoever else agrees.
    flap_confirm: Annotated[float, Meta(ge=1, le=100)] = 1.9

    # --- alarms
    #: An alarm backs a suspicion when it was raised no longer than this before the outage began.
    alarm_fresh_s: Period = 1800.0
    #: An alarm that nothing was heard of for this long is over, cleared or not.
    alarm_keep_s: Period = DAY_S

    # --- root cause
    #: Outages are parts of one when they began within this time of it, or after it; ...
    root_window_s: Seconds = 120.0
    #: ... those that alarms tell of, which are polled, within this time.
    root_polled_s: Seconds = 600.0
    #: An element without a word of its own has failed when `explain_share` of its children are out, at least so many.
    root_children: Annotated[int, Meta(ge=2)] = 2
    #: Alarms that were open for longer than this when an outage began tell nothing of its cause.
    cause_window_s: Seconds = 900.0
    #: A power failure that lasts longer than this is none that batteries have bridged.
    battery_s: Seconds = 12 * 3600.0

    # --- blindness
    #: A collector that nothing was heard from for this long is silent (at least two ticks).
    blind_s: Period = 120.0
    #: Of at least so many regions ...
    blind_regions_min: Annotated[int, Meta(ge=2)] = 10
    #: ... more than this share that fall silent within two ticks and share a collector or a partition are blindness.
    blind_regions_share: Share = 0.3
    #: A region partition that is read this much later than it is written says nothing of now.
    blind_lag_s: Period = 5.0
    #: The operator is paged when an outage has been unknown for this long.
    page_s: Period = 300.0
    #: What is down behind a collector that reports again becomes an outage after this long.
    blind_exit_s: Seconds = 600.0

    # --- lifecycle
    #: Devices and a KPI are two sources of one outage when their suspicions began within this time of each other; what
    #: KPIs say longer than this after the devices are back is a suspicion of its own.
    agree_s: Seconds = 1800.0
    #: Restored when nothing relapsed for this long.
    hysteresis_s: Seconds = 300.0
    #: A relapse within this time after restoration opens the same outage again; then it is closed.
    reopen_s: Seconds = 1800.0
    #: A closed or dismissed outage leaves the table and the compacted topics after this long.
    keep_s: Period = 7 * DAY_S
    #: Planned work may outlast its window by this much; what is down still is an outage then.
    overrun_s: Seconds = 1800.0
    #: Planned work that nobody said is done so long after its end is late, and its customers are told.
    overdue_s: Seconds = 300.0
    #: So many customers beneath one element who say within `replies_s` that they are still out open an outage of it ...
    replies_min: Annotated[int, Meta(ge=1)] = 3
    replies_s: Period = 1800.0
    #: ... which ends when nobody has said so any more for this long.
    replies_hold_s: Period = 2 * 3600.0
    #: While an outage is open, changes of its set of elements are passed on at most this often.
    impact_s: Seconds = 15.0

    #: An outage of more customers than this is told to nobody before an operator approves.
    hold_customers: Annotated[int, Meta(ge=1)] = 250_000

    # --- time of restoration
    etr: EtrPolicy = field(default_factory=EtrPolicy)

    #: Detectors B and D, and demand.
    kpi: KpiPolicy = field(default_factory=KpiPolicy)
