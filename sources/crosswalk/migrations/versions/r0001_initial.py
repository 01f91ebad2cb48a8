"""The first form of the crosswalk's tables."""

from alembic import op

from sources.crosswalk.tables import metadata

revision = "0001"
down_revision = None

SQLITE = (
    # A column for each class of sensitivity: a search names the columns that its viewer may match.
    "CREATE VIRTUAL TABLE customer_search USING fts5(internal, personal, tax, tokenize='unicode61', prefix='2 3 4')",
    *(
        f"CREATE TRIGGER decisions_no_{verb} BEFORE {verb} ON decisions "
        "BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END"
        for verb in ("update", "delete")
    ),
)
POSTGRESQL = (
    "CREATE TABLE customer_search (id bigint PRIMARY KEY REFERENCES customers(id), "
    "internal tsvector NOT NULL, personal tsvector NOT NULL, tax tsvector NOT NULL)",
    *(f"CREATE INDEX customer_search_{c} ON customer_search USING gin({c})" for c in ("internal", "personal", "tax")),
    "CREATE FUNCTION decisions_append_only() RETURNS trigger LANGUAGE plpgsql AS "
    "$$BEGIN RAISE EXCEPTION 'decisions are append-only'; END$$",
    "CREATE TRIGGER decisions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON decisions "
    "FOR EACH STATEMENT EXECUTE FUNCTION decisions_append_only()",
)


def upgrade() -> None:
    connection = op.get_bind()
    metadata.create_all(connection, checkfirst=False)
    for statement in SQLITE if connection.dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)
