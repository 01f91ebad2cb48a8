"""The composition root: an open gateway -> its schema -> the app that answers on the public port."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from starlette.routing import BaseRoute, WebSocketRoute
from strawberry import Schema

from gateway.development_issuer import development_routes, loopback_only
from gateway.edge.browsers import Browsers
from gateway.edge.costs import Costs, Estimator
from gateway.edge.endpoint import Endpoint
from gateway.edge.explorer import Explorer
from gateway.edge.preparing import Prepared
from gateway.edge.recording import Reads
from gateway.edge.streams.socket import Sockets
from gateway.health import public_routes
from gateway.telemetry.tracing import App, traced
from gateway.wiring import Gateway
from mutations.governance.graph.context import GovernedContext
from mutations.schema import graph
from resolvers.costing import Estimate, estimate
from resolvers.disclosure import Disclosures
from resolvers.masks import Mask, Masks
from resolvers.plans import Plans
from sources.canonical.actor import Actor
from sources.systems import Systems

GRAPHQL_PATH = "/graphql"


def create_app(gateway: Gateway) -> App:
    """The public app: /graphql, /healthz, /readyz, and the development issuer's keys where it is on."""
    schema, masks = graph()
    browsers = Browsers(gateway.settings.cors)
    endpoint = Endpoint(
        schema._schema,
        authenticate=gateway.authenticator.authenticate,
        open_context=context_opener(gateway, masks),
        metrics=gateway.metrics,
        deadline_seconds=gateway.settings.gateway.deadline_seconds,
        limits=gateway.settings.limits,
        texts=gateway.texts,
        browsers=browsers,
        explorer=Explorer() if gateway.issuer is not None else None,
        connections=gateway.connections,
        admission=gateway.admission,
        costs=Costs(estimator(schema, gateway.systems), gateway.settings.limits.cost),
        reads=recorded_reads(gateway, schema, masks),
        plans=plans_of(gateway, schema),
    )
    routes: list[BaseRoute] = [
        WebSocketRoute(GRAPHQL_PATH, Sockets(endpoint.operations, browsers, gateway.connections)),
        *public_routes(gateway.readiness),
        *development_routes(gateway.issuer),
    ]
    others = FastAPI(routes=routes, openapi_url=None, redirect_slashes=False)
    return traced(loopback_only(at_once(endpoint, others), gateway.issuer), gateway.tracing)


def at_once(endpoint: App, others: App) -> App:
    """The endpoint for requests on its path, in front of everything that the other app does to find a route."""

    async def routed(scope: Any, receive: Any, send: Any) -> None:
        app = endpoint if scope["type"] == "http" and scope["path"] == GRAPHQL_PATH else others
        await app(scope, receive, send)

    return routed


def estimator(schema: Schema, systems: Systems) -> Estimator:
    """What a prepared operation may cost, for who asks."""

    def estimated(prepared: Prepared, viewing: Any) -> Estimate:
        variables = prepared.asked.variables
        mask: Mask = viewing.mask
        return estimate(schema._schema, prepared.document, prepared.operation, variables, systems=systems, mask=mask)

    return estimated


def plans_of(gateway: Gateway, schema: Schema) -> Plans | None:
    """The plans of queries, unless [gateway] says that there are none. Trusted documents are compiled at once."""
    section = gateway.settings.gateway
    if section.plans == "off":
        return None
    eager = section.plans == "at_once" or section.trusted_documents == "only"
    return Plans(schema._schema, eager=eager, tell=gateway.metrics.planned)


def recorded_reads(gateway: Gateway, schema: Schema, masks: Masks) -> Reads | None:
    """Who looks at what goes into the audit log, unless [audit] says that it does not."""
    if not gateway.settings.audit.reads:
        return None
    return Reads(gateway.governed.audit.reads, Disclosures(schema._schema, masks), masks)


def context_opener(gateway: Gateway, masks: Masks) -> Callable[[Actor, str], GovernedContext]:
    """Makes the context of a request: the actor, its correlation id -> what every resolver shares."""
    settings, governed = gateway.settings, gateway.governed
    standing, posting_lag_seconds = settings.standing_table, settings.ledger.posting_lag_seconds

    def open_context(actor: Actor, correlation_id: str) -> GovernedContext:
        grants = gateway.policy.grants(actor)
        return GovernedContext(
            governance=governed.governance,
            mutations=governed.mutations,
            audit=gateway.audit.log,
            actor=actor,
            grants=grants,
            mask=masks.of(grants),
            correlation_id=correlation_id,
            systems=gateway.systems,
            crosswalk=gateway.crosswalk,
            standing=standing,
            posting_lag_seconds=posting_lag_seconds,
            announcements=gateway.announcements,
            max_entities=settings.limits.entities,
        )

    return open_context
