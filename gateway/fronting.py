"""What stands in front of the schema, as configured: documents that are known, and browsers that may ask."""

from redis.asyncio import Redis

from gateway.configuration.sections import GatewaySection
from gateway.edge.documents import Documents, Invalid
from gateway.edge.persisted import PersistedQueries
from gateway.edge.texts import Texts
from gateway.edge.trusted import TrustedDocuments, UnreadableDocuments, read_directory
from gateway.settings import Problem, Settings, SettingsError


def known_texts(section: GatewaySection, redis: Redis | None) -> Texts:
    """The trusted documents of documents_dir, and the persisted queries. Raises SettingsError."""
    return Texts(PersistedQueries(redis), _trusted(section), section.trusted_documents)


def wrong_documents(settings: Settings) -> list[Problem]:
    """What is wrong with the trusted documents: a file that cannot be read, or those that would not run."""
    try:
        trusted = _trusted(settings.gateway)
    except SettingsError as error:
        return list(error.problems)
    if not trusted.items():
        return []
    from mutations.schema import graph  # here: building it takes longer than everything else that is checked

    documents = Documents(graph()[0]._schema, settings.limits)
    return [problem for name, text in trusted.items() for problem in _wrong(documents, name, text)]


def _wrong(documents: Documents, name: str, text: str) -> list[Problem]:
    try:
        documents.get(text, introspection=True)
    except Invalid as invalid:
        return [Problem("gateway", "documents_dir", f"holds {name}, which would not run: {invalid.errors[0].message}")]
    return []


def _trusted(section: GatewaySection) -> TrustedDocuments:
    if section.documents_dir is None:
        return TrustedDocuments({})
    try:
        return read_directory(section.documents_dir)
    except UnreadableDocuments as error:
        raise SettingsError([Problem("gateway", "documents_dir", f"cannot be used: {error}")]) from None
