"""How long things may take. Tests shrink it; the rules stay the same."""

import msgspec


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """All in seconds, but `settle_batch`, `sweep_batch` and `no_counts_scale`."""

    approval: float = 24 * 3600.0  # who asked in the evening finds an answer before the next one
    plan: float = 15 * 60.0  # a plan that was shown longer ago is worth another look
    retry: float = 1.0  # before what surely was not done is sent again; doubled each time
    longest_retry: float = 30.0
    probe: float = 5.0  # between looks for what may still appear
    between_nos: float = 2.0  # a "no" counts when it was given twice, this far apart
    resolve: float = 300.0  # of asking in one drive; then OUTCOME_UNKNOWN, and the sweep asks ever more rarely
    no_counts_scale: float = 1.0  # of StepKind.no_counts_after_seconds
    call_grace: float = 2.0  # after a step's deadline, for the wire to say by itself what happened
    settle: float = 10.0  # until a vendor is first asked whether it is final; doubled each time
    longest_settle: float = 3600.0
    settle_batch: int = 20
    sweep: float = 5.0
    sweep_batch: int = 50
    sweep_lease: float = 15.0
    pick_up: float = 5.0  # an APPROVED one without a drive is older than this before the sweep submits it
    unknown: float = 60.0  # before an OUTCOME_UNKNOWN one is looked at again; doubled each time
    longest_unknown: float = 3600.0
    delayed: float = 300.0  # a drive that has not moved for so long is told to somebody
    abandoned: float = 1800.0  # and is begun anew after this: longer than any wait inside one
    purge_poll: float = 0.25  # for what other processes' caches must forget, where no Redis tells them
    purge_trust: float = 1.0  # a process that has not asked for so long takes nothing that it knows for fresh
    poll: float = 0.5  # for changes that other processes made
