"""Which text a request means: the one that it brings, a trusted document, or a persisted query."""

from typing import Literal, TypeAlias

from gateway.edge.parameters import Parameters
from gateway.edge.persisted import PersistedQueries
from gateway.edge.refusals import Refusal, bad_request
from gateway.edge.trusted import TrustedDocuments, sha256_of
from resolvers.errors import ErrorCode

Trust: TypeAlias = Literal["off", "prefer", "only"]


class Texts:
    """The texts of documents that are known, and what is done about the others.

    "off": clients may bring any. "prefer": trusted ones are known by their id as well. "only": no others run.
    """

    def __init__(
        self, persisted: PersistedQueries | None = None, trusted: TrustedDocuments | None = None, trust: Trust = "off"
    ) -> None:
        self._persisted = persisted or PersistedQueries()
        self._trusted = trusted or TrustedDocuments({})
        self._trust = trust

    async def of(self, asked: Parameters) -> str:
        """The text that is asked for. Raises Refusal."""
        if asked.document_id is not None and asked.query is None:
            return self._of_id(asked.document_id)
        known = self._trusted.find(asked.sha256) if asked.sha256 is not None else None
        if known is not None:
            return known
        if asked.query is not None:
            return self._brought(asked.query, asked.sha256)
        if asked.sha256 is None or self._trust == "only":
            raise _not_trusted()
        text = await self._persisted.get(asked.sha256)
        if text is None:
            raise _not_persisted()
        return text

    async def accepted(self, asked: Parameters, text: str) -> None:
        """The text was found valid: keep it, where the client registers it under its hash."""
        if asked.sha256 is not None and asked.query is not None and self._trust != "only":
            await self._persisted.put(asked.sha256, text)

    def _of_id(self, document_id: str) -> str:
        text = self._trusted.find(document_id)
        if text is None:
            raise _not_trusted()
        return text

    def _brought(self, query: str, said: str | None) -> str:
        if self._trust == "only" and self._trusted.find(sha256_of(query)) is None:
            raise _not_trusted()
        if said is not None and sha256_of(query) != said:
            raise bad_request("the sha256Hash of extensions.persistedQuery is not the hash of the query")
        return query


def _not_trusted() -> Refusal:
    message = "this document is not among the trusted ones: add it to the documents of this gateway"
    return Refusal(400, ErrorCode.DOCUMENT_NOT_TRUSTED, message)


def _not_persisted() -> Refusal:
    """Its status and its message are what clients look for. Source: Apollo Server; urql, persistedExchange."""
    return Refusal(200, ErrorCode.PERSISTED_QUERY_NOT_FOUND, "PersistedQueryNotFound", retryable=True)
