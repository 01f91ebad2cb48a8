"""Up to how much, by action, role and currency: data, out of limits.toml."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation

import msgspec

from mutations.governance.plan import GovernedAction
from mutations.governance.policy.texts import LIMITS, BadPolicy
from sources.canonical.money import Money, NotExact

ByRole = Mapping[str, Mapping[str, str]]  # role -> currency -> major units
Minor = Mapping[tuple[str, str], int]  # (role, currency) -> minor units
LARGEST = 2**53  # minor units; ten times that still fits Cedar's Long


class _Action(msgspec.Struct, forbid_unknown_fields=True):
    alone: dict[str, dict[str, str]] = {}
    with_approval: dict[str, dict[str, dict[str, str]]] = msgspec.field(name="with", default_factory=dict)


class _File(msgspec.Struct, forbid_unknown_fields=True):
    currencies: list[str]
    all_customers_times: int
    cheapest_first: list[str]
    limits: dict[GovernedAction, _Action]


class ActionLimits(msgspec.Struct, frozen=True):
    """The limits of one action in minor units: alone, and by the role that has to approve."""

    alone: Minor
    by_approver: Mapping[str, Minor]


class LimitTable(msgspec.Struct, frozen=True, kw_only=True):
    """limits.toml, read and checked."""

    currencies: tuple[str, ...]
    all_customers_times: int
    cheapest_first: tuple[str, ...]
    actions: Mapping[GovernedAction, ActionLimits]

    def alone(self, action: GovernedAction, roles: Iterable[str], currency: str) -> int | None:
        """What these roles may do without approval, in minor units; None where no limit of theirs is known."""
        limits = self.actions.get(action)
        return _widest(limits.alone, roles, currency) if limits else None

    def with_approval(self, action: GovernedAction, roles: Iterable[str], currency: str) -> dict[str, int]:
        """The same with approval, by the role that has to approve."""
        limits = self.actions.get(action)
        found = {role: _widest(table, roles, currency) for role, table in limits.by_approver.items()} if limits else {}
        return {role: minor for role, minor in found.items() if minor is not None}


def _widest(table: Minor, roles: Iterable[str], currency: str) -> int | None:
    return max((table[role, currency] for role in roles if (role, currency) in table), default=None)


def read_limits(text: str, knows_role: Callable[[str], bool]) -> LimitTable:
    """The table. Raises BadPolicy: not TOML, a name that is not known, an amount that is none."""
    try:
        file = msgspec.toml.decode(text, type=_File)
        return _checked(file, knows_role)
    except ValueError as error:  # msgspec's and tomllib's are ValueErrors, too
        raise BadPolicy(LIMITS, None, str(error)) from None


def _checked(file: _File, knows_role: Callable[[str], bool]) -> LimitTable:
    if not file.currencies or file.all_customers_times < 1:
        raise ValueError("currencies must name one or more, and all_customers_times must be 1 or more")
    named = {*file.cheapest_first}
    for each in file.limits.values():
        named |= each.alone.keys() | each.with_approval.keys()
        named |= {role for table in each.with_approval.values() for role in table}
    if unknown := sorted(role for role in named if not knows_role(role)):
        raise ValueError(f'"{unknown[0]}" is no role of the schema')
    return LimitTable(
        currencies=tuple(file.currencies),
        all_customers_times=file.all_customers_times,
        cheapest_first=tuple(file.cheapest_first),
        actions={
            action: ActionLimits(
                _minor(each.alone, file.currencies),
                {approver: _minor(table, file.currencies) for approver, table in each.with_approval.items()},
            )
            for action, each in file.limits.items()
        },
    )


def _minor(table: ByRole, currencies: Iterable[str]) -> dict[tuple[str, str], int]:
    return {
        (role, currency): _amount(role, currency, amount, currencies)
        for role, amounts in table.items()
        for currency, amount in amounts.items()
    }


def _amount(role: str, currency: str, amount: str, currencies: Iterable[str]) -> int:
    if currency not in currencies:
        raise ValueError(f"{role} has a limit in {currency}, which currencies does not name")
    try:
        minor = Money.of(Decimal(amount), currency).minor
    except (InvalidOperation, NotExact):
        raise ValueError(f'{role} has "{amount}" {currency}, which is no amount') from None
    if not 0 <= minor <= LARGEST:
        raise ValueError(f'{role} has "{amount}" {currency}, which is no limit')
    return minor
