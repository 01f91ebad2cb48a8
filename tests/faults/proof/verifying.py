"""The audit log after all of it: complete, chained, and as it was signed."""

from gateway.auditing import CHECKPOINT_FILE, signer_of
from gateway.settings import Settings
from mutations.governance.audit.exporting import exported, outside_the_chain
from mutations.governance.audit.verifying import read_checkpoints, verify
from tests.faults.proof.town import Town


async def events_in_order(town: Town) -> int:
    """How many events the log has, all in order. Every gateway has ended. Raises DoesNotFit."""
    signer = signer_of(Settings(**town.configuration()))
    assert signer is not None
    checkpoints = read_checkpoints((town.directory / CHECKPOINT_FILE).read_text(), [signer.key])
    lines = [line async for line in exported(town.database)]
    assert await outside_the_chain(town.database) == 0
    return verify(lines, checkpoints).events
