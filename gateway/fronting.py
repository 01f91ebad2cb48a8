"""What stands in front of the schema, as configured: documents that are known, and browsers that may ask."""

from redis.asyncio import Redis

from gateway.configuration.sections import GatewaySection
from gateway.edge.persisted import PersistedQueries
from gateway.edge.texts import Texts
from gateway.edge.trusted import TrustedDocuments, UnreadableDocuments, read_directory
from gateway.settings import Problem, SettingsError


def known_texts(section: GatewaySection, redis: Redis | None) -> Texts:
    """The trusted documents of documents_dir, and the persisted queries. Raises SettingsError."""
    return Texts(PersistedQueries(redis), _trusted(section), section.trusted_documents)


def _trusted(section: GatewaySection) -> TrustedDocuments:
    if section.documents_dir is None:
        return TrustedDocuments({})
    try:
        return read_directory(section.documents_dir)
    except UnreadableDocuments as error:
        raise SettingsError([Problem("gateway", "documents_dir", f"cannot be used: {error}")]) from None
