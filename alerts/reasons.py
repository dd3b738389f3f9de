"""Why a message was sent, deferred or dropped, and why marketing was held: one word each.

The same word stands in `decisions`, in `marketing.held`, in logs and in metric labels.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Every reason that the pipeline and the marketing gate give. Words are the contract: add, never rename."""

    meaning: str

    def __new__(cls, word: str, meaning: str) -> Reason:
        reason = str.__new__(cls, word)
        reason._value_ = word
        reason.meaning = meaning
        return reason

    # --- the pipeline
    PASSED = "passed", "Every stage let the message pass."
    UNKNOWN_CUSTOMER = "unknown_customer", "There is no profile of the customer."
    NOT_AFFECTED = "not_affected", "None of the customer's services is on a broken element."
    SERVED_OTHERWISE = "served_otherwise", "Another access of the customer works."
    DUPLICATE = "duplicate", "The customer was told this before, or is about to be."
    NOT_TOLD = "not_told", "The customer was not told of the outage, so there is nothing to take back."
    PARENT_TOLD = "parent_told", "The customer was told of the outage that this one is a part of."
    MUTED = "muted", "An operator muted the outage."
    PLANNED_WORK = "planned_work", "The outage is planned work, which has its own notices."
    IMMATERIAL = "immaterial", "What changed is too little to be worth a message."
    OPTED_OUT = "opted_out", "The customer does not want this."
    NO_CONSENT = "no_consent", "The customer has not consented."
    NO_CONTACT = "no_contact", "No channel of this deployment reaches the customer with this message."
    BAD_CONTACT = "bad_contact", "Every address that could be used was found not to work."
    EXPIRED = "expired", "Its time ran out before it could be sent or released."
    QUIET_HOURS = "quiet_hours", "It is night for the customer; the message waits for the end of their quiet hours."
    SOLICITATION_HOURS = "solicitation_hours", "A regulator allows no solicitation at this hour of the customer's day."
    FREQUENCY_CAP = "frequency_cap", "The customer was told as much as is allowed for now."
    DIGESTED = "digested", "Another message that the customer is sent says this, too."
    STORM = "storm", "So many are told that the message waits for its turn on the channel."
    PAUSED = "paused", "An operator paused sending."
    SHADOW = "shadow", "The deployment runs in shadow: the message would have been sent."
    NOT_ON_ALLOW_LIST = "not_on_allow_list", "The deployment sends to listed customers only."

    # --- what customers answered to a message
    AGREED = "agreed", "The customer answered yes to what they were asked."
    DECLINED = "declined", "The customer answered no: what was asked does not suit them, as the time of a visit."
    SCORED = "scored", "The customer answered a survey with a number."

    # --- the marketing gate
    CLEAR = "clear", "Nothing stands against marketing now."
    OUTAGE = "outage", "The customer is in an outage, suspected or later."
    LEASE = "lease", "Service was restored only recently."
    CASE_OPEN = "case_open", "A support case is open."
    COMPLAINT = "complaint", "The customer complained recently."
    APPOINTMENT = "appointment", "A technician is to come."
    BILL_SHOCK = "bill_shock", "The last bill was far higher than the one before."
    OVERAGE = "overage", "The customer used up an allowance recently."
    CRITICAL_TOLD = "critical_told", "The customer was told something critical today."
    UPSTREAM_STALE = "upstream_stale", "What Forewarn knows is not fresh enough to approve."
