"""What the demo's customer with a broken promise gives a credit to work on, asked of the gateway itself."""

import httpx
import msgspec

ASK_SECONDS = 30.0
QUERY = """query($n: String!) { customerBy(key: {number: $n}) { id
  cases(first: 20) { nodes { id slaMilestones { breached } } }
  invoices(first: 20, filter: {status: [OPEN, PARTIALLY_PAID]}) { nodes { id total { currency } } } } }"""


class Story(msgspec.Struct, frozen=True):
    """Global ids: the customer, the case whose promise was broken, an invoice that is owed, and its currency."""

    customer: str
    case: str
    invoice: str
    currency: str


class _Milestone(msgspec.Struct):
    breached: bool


class _Total(msgspec.Struct):
    currency: str


class _Node(msgspec.Struct, rename="camel"):
    id: str
    sla_milestones: tuple[_Milestone, ...] | None = None
    total: _Total | None = None


class _Nodes(msgspec.Struct):
    nodes: tuple[_Node, ...]


class _Customer(msgspec.Struct):
    id: str
    cases: _Nodes | None
    invoices: _Nodes | None


class _Data(msgspec.Struct, rename="camel"):
    customer_by: _Customer | None


class _Answer(msgspec.Struct):
    data: _Data


async def story_of(url: str, token: str, number: str) -> Story | None:
    """The story of a customer; None where the sources do not tell it, as some real ones cannot."""
    asked = {"query": QUERY, "variables": {"n": number}}
    async with httpx.AsyncClient(timeout=ASK_SECONDS) as client:
        answer = await client.post(url, json=asked, headers={"authorization": f"Bearer {token}"})
    customer = msgspec.json.decode(answer.content, type=_Answer).data.customer_by
    if customer is None or customer.cases is None or customer.invoices is None:
        return None
    broken = [case for case in customer.cases.nodes if any(each.breached for each in case.sla_milestones or ())]
    owed = [(invoice.id, invoice.total.currency) for invoice in customer.invoices.nodes if invoice.total]
    return Story(customer.id, broken[0].id, *owed[0]) if broken and owed else None
