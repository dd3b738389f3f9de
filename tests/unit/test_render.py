"""Words for one reader: language, local times, amounts, and nothing that a name can smuggle in."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forewarn.alerts.contexts import (
    CONTEXTS,
    AppointmentContext,
    BillContext,
    Context,
    MaintenanceContext,
    OutageContext,
    UsageContext,
)
from forewarn.alerts.render import Rendered, Renderer, header_safe

START = 1_795_379_400_000  # Sunday 2026-11-22 20:30 UTC, 15:30 in New York, 21:30 in Berlin
HOUR = 3_600_000
RENDERER = Renderer(brand="Nordnet")


def render(
    context: Context,
    stage: str | None = None,
    *,
    channel: str = "email",
    locale: str | None = "en-US",
    time_zone: str | None = "America/New_York",
    renderer: Renderer = RENDERER,
) -> Rendered:
    kind = next(kind for (kind, _), type_ in CONTEXTS.items() if type_ is type(context))
    stage = stage or {"outage": "confirmed", "usage": "threshold"}[kind]
    return renderer.render(kind=kind, stage=stage, channel=channel, locale=locale, time_zone=time_zone, context=context)


def threshold(**changes: object) -> UsageContext:
    values = {"bucket": "data", "percent": 80, "used": 8, "allowance": 10, "unit": "GB", "cycle_end": START} | changes
    return UsageContext(**values)  # type: ignore[arg-type] # each test gives what it is about


def test_an_outage_is_told_in_the_readers_local_time() -> None:
    outage = OutageContext(started=START, place="Linden", cause="fibre", etr=START + HOUR)
    text = render(outage).text
    assert "in Linden has been interrupted since 3:30 pm on November 22" in text
    assert "back by 4:30 pm." in text
    assert "damaged fibre cable" in text


def test_one_instant_in_two_zones_is_two_times() -> None:
    outage = OutageContext(started=START)
    assert "3:30 pm" in render(outage, time_zone="America/New_York").text
    assert "9:30 pm" in render(outage, time_zone="Europe/Berlin").text


def test_the_same_outage_in_german() -> None:
    outage = OutageContext(started=START, place="Linden", cause="power", etr=START + HOUR)
    rendered = render(outage, locale="de-AT", time_zone="Europe/Vienna")
    assert rendered.locale == "de-AT"
    assert "seit 21:30 Uhr am 22. November" in rendered.text
    assert "bis 22:30 Uhr" in rendered.text
    assert "Stromausfall" in rendered.text
    assert rendered.html is not None
    assert '<html lang="de">' in rendered.html


def test_a_time_on_another_local_day_names_the_day() -> None:
    """
    New York   15:30 ........ 23:30 | 00:30
    started ───┘        etr 1 ──┘   └── etr 2
    """
    assert "by 11:30 pm." in render(OutageContext(started=START, etr=START + 8 * HOUR)).text
    assert "by 12:30 am on November 23." in render(OutageContext(started=START, etr=START + 9 * HOUR)).text


def test_clocks_that_change_are_followed() -> None:
    before = 1_793_509_200_000  # 2026-11-01 01:00 in New York, an hour before clocks go back
    text = render(OutageContext(started=before, restored=before + 2 * HOUR), "restored").text
    assert "since 2:00 am." in text
    assert "began at 1:00 am" in text
    assert "lasted 2 hours" in text


def test_restored_says_how_long_it_lasted() -> None:
    ended = OutageContext(started=START, restored=START + 80 * 60_000)
    assert "lasted 1 hour 20 minutes" in render(ended, "restored").text
    assert "Dauer: 1 Stunde 20 Minuten" in render(ended, "restored", locale="de").text


def test_british_english_takes_british_dates_from_the_same_templates() -> None:
    rendered = render(OutageContext(started=START), locale="en_GB", time_zone="Europe/London")
    assert rendered.locale == "en-GB"
    assert "8:30 pm on 22 November" in rendered.text


@pytest.mark.parametrize("locale", [None, "", "nl", "tlh", "x" * 300, "../../etc", "de\r\nBcc: x"])
def test_a_locale_without_templates_gets_the_default(locale: str | None) -> None:
    rendered = render(OutageContext(started=START), locale=locale)
    assert rendered.locale in ("en", "de")
    assert rendered.text


@pytest.mark.parametrize("zone", [None, "", "Mars/Olympus", "../etc/passwd", "/etc/passwd", "x\0y"])
def test_without_a_known_time_zone_times_name_theirs(zone: str | None) -> None:
    assert "8:30 pm UTC on November 22" in render(OutageContext(started=START), time_zone=zone).text


def test_a_deployments_own_default_zone_and_locale_are_used() -> None:
    renderer = Renderer(default_locale="de", default_time_zone="Europe/Berlin")
    text = render(OutageContext(started=START), locale="nl", time_zone=None, renderer=renderer).text
    assert "seit 21:30 Uhr am 22. November" in text


def test_an_unknown_cause_is_not_mentioned_and_a_crews_words_are() -> None:
    assert "Cause" not in render(OutageContext(started=START, cause="unknown")).text
    assert "Cause: a digger" in render(OutageContext(started=START, cause="a digger")).text


def test_an_operators_own_words_replace_the_explanation() -> None:
    rendered = render(OutageContext(started=START, place="Linden", text="Fire near the exchange. Stay <b>away</b>."))
    assert "Stay <b>away</b>." in rendered.text
    assert "interrupted since" not in rendered.text
    assert rendered.html is not None
    assert "Stay &lt;b&gt;away&lt;/b&gt;." in rendered.html


def test_usage_is_told_with_percent_amounts_and_the_day_it_renews() -> None:
    rendered = render(threshold(used=Decimal("8.1234"), cycle_end=START))
    assert rendered.subject == "You have used 80% of your data allowance"
    assert "8.12 GB of 10 GB. 1.88 GB left." in rendered.text
    assert "renews on November 22" in rendered.text


def test_an_allowance_that_is_used_up_says_so() -> None:
    rendered = render(threshold(percent=100, used=Decimal("10.5")))
    assert rendered.subject == "You have used all of your data allowance"
    assert "10.5 GB of 10 GB" in rendered.text


@pytest.mark.parametrize(
    ("used", "unit", "locale", "words"),
    [
        (Decimal("1234.5"), "MB", "en", "1,234.5 MB of"),
        (Decimal("1234.5"), "MB", "de", "1.234,5 MB von"),
        (8_100_000_000, "bytes", "en", "8.1 GB of"),
        (250_000, "kB", "en", "250 MB of"),
        (0, "B", "en", "0 byte of"),
        (90, "min", "en-US", "90 min of"),
        (40, "SMS", "de", "40 SMS von"),
        (3, "pizzas", "en", "3 pizzas of"),
    ],
)
def test_amounts_are_said_in_their_unit(used: int | Decimal, unit: str, locale: str, words: str) -> None:
    assert words in render(threshold(used=used, unit=unit, allowance=10**12), locale=locale).text


def test_an_operators_own_bucket_keeps_its_name() -> None:
    assert render(threshold(bucket="StreamMax")).subject == "You have used 80% of your StreamMax allowance"


def test_an_sms_holds_no_character_outside_its_alphabet_by_formatting() -> None:
    assert "\u00a0" not in render(threshold(), channel="sms", locale="de").text


def test_push_and_inapp_have_a_title_and_a_short_text() -> None:
    for channel in ("push", "inapp"):
        rendered = render(OutageContext(started=START, place="Linden"), channel=channel)
        assert (rendered.subject, rendered.html) == ("Service outage in Linden", None)
        assert rendered.text.startswith("Since 3:30 pm")


@pytest.mark.parametrize(
    ("locale", "subject", "clock"),
    [
        ("es-MX", "Avería en Linden: estamos trabajando en ello", "21:30 h del 22 de noviembre"),
        ("fr_CA", "Panne à Linden : nous y travaillons", "21h30 le 22 novembre"),
    ],
)
def test_an_outage_in_spanish_and_french(locale: str, subject: str, clock: str) -> None:
    outage = OutageContext(started=START, place="Linden")
    rendered = render(outage, locale=locale, time_zone="Europe/Madrid")
    assert rendered.subject == subject
    assert clock in rendered.text


def test_the_first_of_a_month_is_said_as_the_french_say_it() -> None:
    assert "le 1er décembre" in render(threshold(cycle_end=START + 9 * 24 * HOUR), locale="fr").text


def test_a_window_of_one_day_names_it_once_and_one_over_midnight_twice() -> None:
    """
    Berlin   9:00 ==== 13:00 | 23:00 ====|==== 3:00
    """
    morning = START + 11 * HOUR + 30 * 60_000
    shown = render(AppointmentContext(kind="technician", start=morning, end=morning + 4 * HOUR), "confirm").text
    assert "When: Monday, November 23, 3:00 am to 7:00 am" in shown
    night = MaintenanceContext(start=START, end=START + 9 * HOUR)
    assert "3:30 pm on November 22 to 12:30 am on November 23" in render(night, "announced").text


def test_a_bill_names_its_largest_differences_with_their_signs() -> None:
    bill = BillContext(amount=Decimal("89.9"), currency="EUR", usual=49, differences=(("Roaming", 45), ("Rebate", -4)))
    text = render(bill, "explained", locale="de").text
    assert "Roaming: +45,00\u00a0€\nRebate: -4,00\u00a0€\n" in text
    assert "woher die 40,90\u00a0€ mehr kommen" in text


def test_a_spending_limit_is_said_in_its_currency() -> None:
    text = render(threshold(unit="EUR", used=Decimal("40.5"), allowance=50), "spend").text
    assert "You have spent €40.50 of the €50.00" in text


def test_paragraphs_stand_apart_and_facts_stand_together() -> None:
    text = render(OutageContext(started=START, cause="fibre", etr=START + HOUR)).text
    assert [block.count("\n") for block in text.split("\n\n")] == [0, 2, 0, 1]


def test_sms_has_neither_subject_nor_html() -> None:
    rendered = render(OutageContext(started=START), channel="sms")
    assert (rendered.subject, rendered.html) == (None, None)


def test_what_has_no_template_is_not_supported() -> None:
    assert RENDERER.supports("outage", "confirmed", "sms")
    assert not RENDERER.supports("outage", "confirmed", "fax")
    assert not RENDERER.supports("outage", "rumoured", "sms")
    with pytest.raises(LookupError, match="outage confirmed by fax"):
        render(OutageContext(started=START), channel="fax")


def test_customers_of_one_outage_share_one_rendering() -> None:
    first = render(OutageContext(started=START, place="Linden"))
    assert render(OutageContext(started=START, place="Linden")) is first


def test_an_operators_own_templates_come_first(tmp_path: Path) -> None:
    (tmp_path / "en" / "outage").mkdir(parents=True)
    (tmp_path / "en" / "outage" / "confirmed.sms.txt").write_text("Oh no, {{ place }}!")
    renderer = Renderer(directory=tmp_path)
    assert (
        render(OutageContext(started=START, place="Linden"), channel="sms", renderer=renderer).text == "Oh no, Linden!"
    )
    assert "has been interrupted" in render(OutageContext(started=START), renderer=renderer).text


def test_a_template_cannot_reach_into_python(tmp_path: Path) -> None:
    (tmp_path / "en" / "outage").mkdir(parents=True)
    (tmp_path / "en" / "outage" / "confirmed.sms.txt").write_text("{{ place.__class__.__mro__ }}")
    with pytest.raises(Exception, match="unsafe"):
        render(OutageContext(started=START), channel="sms", renderer=Renderer(directory=tmp_path))


HOSTILE = st.text(alphabet=st.sampled_from("ab <>&\"'{}%=?\r\n\t\0\x1b\u2028é{{}}"), max_size=40)


@given(HOSTILE, HOSTILE)
def test_no_name_breaks_out_of_the_subject_or_the_markup(place: str, cause: str) -> None:
    rendered = render(OutageContext(started=START, place=place, cause=cause))
    plain = render(OutageContext(started=START, place="x", cause="x"))
    assert rendered.subject is not None
    assert rendered.html is not None
    assert plain.html is not None
    assert not any(ord(c) < 32 or c == "\u2028" for c in rendered.subject)
    assert "=?" not in rendered.subject
    assert rendered.html.count("<") <= plain.html.count("<")


def test_encoded_words_are_parted() -> None:
    assert header_safe("a =?utf-8?q?x?=\r\nBcc: b") == "a = ?utf-8?q?x?= Bcc: b"
