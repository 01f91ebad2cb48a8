"""What happened, over all systems."""

from enum import Enum


class TimelineKind(Enum):
    """What an entry of the timeline is about."""

    CASE = "CASE"
    """A case was opened."""
    MESSAGE = "MESSAGE"
    """Somebody wrote in a case."""
    INVOICE = "INVOICE"
    """An invoice was issued."""
    PAYMENT = "PAYMENT"
    """A payment was made or tried."""
    REFUND = "REFUND"
    """Money was given back."""
    CREDIT_MEMO = "CREDIT_MEMO"
    """A credit was given."""
    DISPUTE = "DISPUTE"
    """A dispute was opened."""
    SUBSCRIPTION = "SUBSCRIPTION"
    """A subscription began."""
    ORDER = "ORDER"
    """An order was placed."""
    OPPORTUNITY = "OPPORTUNITY"
    """A sale became possible."""
    WORKFLOW = "WORKFLOW"
    """A governed action was asked for."""
