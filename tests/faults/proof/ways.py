"""The ways in which a vendor can answer a write, and the boundaries at which a process can be killed.

A case is named by its correlation id, which every call to a vendor carries: `c0007:billing_credit:timeout_applied` is
the seventh, and what happens to it happens at its step billing_credit. Several are written one after the other.
"""

from collections.abc import Mapping

import msgspec

from sources.simulation.harness import Switches

TIMEOUT_SECONDS = 1.5  # of each call to a vendor
LATE_SECONDS = 2.5  # the caller is gone by then, and the vendor's own time limit (see NO_COUNTS_SECONDS) is not over
NO_COUNTS_SECONDS = 6.0  # so long after the last sending a "not there" begins to count
SLOW_SECONDS = 0.8
SETTLES_SECONDS = 2.0


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """What a vendor does with the writes of one step."""

    switches: Switches | None
    times: int | None = 1  # how many writes it happens to; None: to all
    settles: str | None = None  # it is accepted, not final, and comes to this end some time later
    silent: bool = False  # afterwards the vendor answers nothing more about this case until it is told to
    told: str


WAYS: Mapping[str, Way] = {
    "ok": Way(switches=None, told="the vendor does it and says so"),
    "slow": Way(switches=Switches(latency_seconds=SLOW_SECONDS), told="it answers late, within the time limit"),
    "refused": Way(switches=Switches(status=403, body="{}"), told="4xx; nothing is done"),
    "busy": Way(switches=Switches(status=409, body="{}"), told="409 once; nothing is done"),
    "throttled": Way(switches=Switches(throttle_retry_after="1"), told="429 once, with Retry-After; nothing is done"),
    "error": Way(switches=Switches(status=500, body="{}"), told="500 once; nothing is done"),
    "errors": Way(switches=Switches(status=503, body=""), times=None, told="503 each time; nothing is done"),
    "error_applied": Way(
        switches=Switches(write_fault="error_after", status=502), told="502 from a proxy; it is done behind it"
    ),
    "garbage": Way(switches=Switches(garbage=True), told="200 and bytes that mean nothing; nothing is done"),
    "timeout": Way(switches=Switches(write_fault="before"), told="no answer; nothing is done"),
    "timeout_applied": Way(switches=Switches(write_fault="after"), told="no answer; it is done"),
    "timeouts_applied": Way(
        switches=Switches(write_fault="after"), times=None, told="no answer, each time; it is done the first time"
    ),
    "late": Way(
        switches=Switches(write_fault="late", late_seconds=LATE_SECONDS),
        told="no answer; it is done after everybody has gone",
    ),
    "cut": Way(switches=Switches(drop_connection=True), told="the connection breaks; nothing is done"),
    "cut_applied": Way(switches=Switches(write_fault="cut_after"), told="the connection breaks; it is done"),
    "silent": Way(
        switches=Switches(write_fault="before"), silent=True, told="no answer, to questions neither; nothing is done"
    ),
    "silent_applied": Way(
        switches=Switches(write_fault="after"), silent=True, told="no answer, to questions neither; it is done"
    ),
}

SETTLING: Mapping[str, Way] = {
    "settles": Way(switches=None, settles="succeeded", told="it is accepted, and final some time later"),
    "fails": Way(switches=None, settles="failed", told="it is accepted, and fails some time later"),
}

BEFORE_INTENT, AFTER_INTENT = "before_intent", "after_intent"
BEFORE_RECEIPT, AFTER_RECEIPT = "before_receipt", "after_receipt"
HELD_BY_PROCESS = (BEFORE_INTENT, AFTER_INTENT, BEFORE_RECEIPT, AFTER_RECEIPT)

AT_VENDOR: Mapping[str, Way] = {
    "at_vendor": Way(switches=Switches(write_fault="before"), told="the vendor has the call, and never does it"),
    "at_vendor_applied": Way(switches=Switches(write_fault="after"), told="the vendor has done it, nobody was told"),
    "at_vendor_late": Way(
        switches=Switches(write_fault="late", late_seconds=LATE_SECONDS), told="the vendor does it after the kill"
    ),
}

KILLS: Mapping[str, str] = {
    BEFORE_INTENT: "before the intent is written",
    AFTER_INTENT: "after the intent, before the call",
    **{name: way.told for name, way in AT_VENDOR.items()},
    BEFORE_RECEIPT: "after the answer, before the receipt is written",
    AFTER_RECEIPT: "after the receipt",
}


def directives(correlation_id: str) -> dict[str, str]:
    """What happens to a case at which of its steps: the way by the step."""
    _, *words = correlation_id.split(":")
    return dict(zip(words[::2], words[1::2], strict=False))
