"""The three operations that everybody is asked, in the gateway's own words."""

from typing import Any

import msgspec

VIEW = """query View($id: ID!) {
  customer(id: $id) {
    id number displayName legalName tier owner
    cases(first: 10) {
      nodes { id number subject status priority channel requester assignee openedAt updatedAt }
    }
    invoices(first: 12) {
      nodes {
        id number status issuedAt dueAt
        total { amount currency }
        balance { amount currency }
        lines { description quantity unitPrice total { amount currency } }
      }
    }
    subscriptions(first: 3) {
      nodes { id plan status quantity interval recurring { amount currency } startedAt }
    }
    payments(first: 10) {
      nodes { id status amount { amount currency } method paidAt }
    }
    erpAccount {
      customerNumber creditHold paymentTerms
      receivable { amount currency }
      overdue { amount currency }
      creditLimit { amount currency }
    }
  }
}"""

LIST = """query List($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on Customer {
      id number displayName
      cases(first: 3) {
        nodes { id number subject status priority requester }
      }
      erpAccount { customerNumber receivable { amount currency } creditHold }
    }
  }
}"""

ONE_BY_ONE = """query OneByOne($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on Customer {
      id number
      invoices(first: 3) {
        nodes { id number status dueAt total { amount currency } balance { amount currency } }
      }
    }
  }
}"""


class Operation(msgspec.Struct, frozen=True):
    """One of them; `variables` are those of each client, in turn."""

    name: str
    title: str
    query: str
    variables: list[dict[str, Any]]
    waves: int = 1
    """Calls to one vendor of which each needs the answer of the one before."""

    def body(self, nth: int) -> bytes:
        """What a client posts."""
        variables = self.variables[nth % len(self.variables)]
        return msgspec.json.encode({"operationName": self.name, "query": self.query, "variables": variables})


def operations(viewed: list[str], lists: list[list[str]]) -> list[Operation]:
    """The operations over customers whose ids are given."""
    many = [{"ids": ids} for ids in lists]
    return [
        Operation("View", "view", VIEW, [{"id": id} for id in viewed]),
        Operation("List", "list", LIST, many, waves=2),  # a search, then the cases that it found
        Operation("OneByOne", "list-one-by-one", ONE_BY_ONE, many),
    ]


def leaves(value: Any) -> int:
    """How many values an answer has that are no object and no list."""
    if isinstance(value, dict):
        return sum(leaves(item) for item in value.values())
    if isinstance(value, list):
        return sum(leaves(item) for item in value)
    return 1
