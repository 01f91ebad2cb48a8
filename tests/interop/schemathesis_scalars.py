"""What schemathesis puts where the schema wants a scalar of its own: amounts and currencies, good and bad."""

import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes

AMOUNTS = st.from_regex(r"\A-?[0-9]{1,9}(\.[0-9]{1,4})?\Z") | st.sampled_from(["0", "1e9", "NaN", "-0.001", ""])
CURRENCIES = st.sampled_from(["EUR", "USD", "GBP", "JPY", "KWD", "eur", "XXXX", ""])

schemathesis.graphql.scalar("Decimal", AMOUNTS.map(nodes.String))
schemathesis.graphql.scalar("Currency", CURRENCIES.map(nodes.String))
