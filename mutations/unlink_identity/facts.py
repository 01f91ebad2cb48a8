"""unlinkIdentity: what must be known of the customer and the record."""

from mutations.governance.identities import RecordFacts, record_facts
from mutations.governance.mutation import Reading
from mutations.unlink_identity.command import UnlinkIdentity
from sources.canonical.actor import Actor


async def gather(command: UnlinkIdentity, actor: Actor, reading: Reading) -> RecordFacts:
    """The customer and the record, within the actor's rows. Raises Refused."""
    return await record_facts(command.customer_uid, command.source, command.record_id, actor, reading)
