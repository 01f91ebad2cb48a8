"""The rules of a policy: Cedar statements with a stable name, and what each says when it holds.

A forbid has @code, @message and perhaps @field: the refusal that it gives. A permit has @grants: "alone", or
"approval" by so many @persons who have the role @approver.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import cedarpy
import msgspec

from mutations.governance.policy.statements import Statement, statements
from mutations.governance.policy.texts import RULES, SCHEMA, BadPolicy
from mutations.governance.refusals import Refusal, RefusalCode

POSITION = re.compile(r"^for policy `policy\d+`[:,]? ")  # cedarpy's own name for the statement
UNDECIDED = re.compile(r"while evaluating policy `([^`]+)`")
PERSONS_AT_MOST = 9
ALLOWED_ANNOTATIONS = {
    "forbid": frozenset({"id", "code", "message", "field"}),
    "permit": frozenset({"id", "grants", "approver", "persons"}),
}


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One statement by its name. `refusal` of a forbid; `approver` and `persons` of a permit that asks for approval."""

    name: str
    file: str
    line: int
    refusal: Refusal | None = None
    approver: str | None = None
    persons: int = 0


class Answer(msgspec.Struct, frozen=True):
    """The rules that hold for a question; `undecided` are the names of those that a missing fact left open.

    Where a forbid holds, permits are not told.
    """

    forbids: tuple[Rule, ...]
    permits: tuple[Rule, ...]
    undecided: tuple[str, ...]


class Rules:
    """A checked set of rules, parsed once. Raises BadPolicy: what is wrong, with file and line."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._schema = _schema(texts)
        files = sorted(name for name in texts if name.endswith(RULES))
        read = [_read(each, self._schema) for name in files for each in statements(name, texts[name])]
        _once([rule for rule, _ in read])
        self.all: tuple[Rule, ...] = tuple(rule for rule, _ in read)
        self._order = {rule.name: position for position, rule in enumerate(self.all)}
        # Parsed out of text the ids would be positions; as JSON they are the names.
        named = {"staticPolicies": {rule.name: est for rule, est in read}, "templates": {}, "templateLinks": []}
        self._set = cedarpy.PolicySet.from_json_str(json.dumps(named))

    def ask(self, question: Mapping[str, Any], actor: Mapping[str, Any]) -> Answer:
        """Which rules hold, in the order of the files. Pure."""
        result = cedarpy.is_authorized(dict(question), self._set, [dict(actor)])
        positions = sorted(self._order[name] for name in result.diagnostics.reasons)
        held = [self.all[position] for position in positions]
        return Answer(
            tuple(rule for rule in held if rule.refusal is not None),
            tuple(rule for rule in held if rule.refusal is None),
            tuple(sorted(_undecided(error) for error in result.diagnostics.errors)),
        )

    def knows_role(self, role: str) -> bool:
        """Whether the schema has a role of this name."""
        probe = f"permit (principal in Role::{json.dumps(role)}, action, resource);"
        return cedarpy.validate_policies(probe, self._schema).validation_passed


def _undecided(error: str) -> str:
    named = UNDECIDED.search(error)
    return named[1] if named else "the question itself"


def _schema(texts: Mapping[str, str]) -> cedarpy.Schema:
    try:
        return cedarpy.Schema.from_str(texts[SCHEMA])
    except ValueError as error:
        raise BadPolicy(SCHEMA, None, str(error)) from None


def _read(statement: Statement, schema: cedarpy.Schema) -> tuple[Rule, Mapping[str, Any]]:
    """The rule, and the statement in Cedar's JSON form."""
    try:
        parsed = json.loads(cedarpy.policies_to_json_str(statement.text))
    except ValueError as error:
        raise statement.wrong(str(error)) from None
    if len(parsed["staticPolicies"]) != 1:
        raise statement.wrong("is a template: write out whom it is for")
    (est,) = parsed["staticPolicies"].values()
    rule = _rule(statement, est["effect"], est.get("annotations", {}))
    checked = cedarpy.validate_policies(statement.text, schema)
    if not checked.validation_passed:
        raise statement.wrong(f"{rule.name}: {POSITION.sub('', checked.errors[0].error)}")
    return rule, est


def _rule(statement: Statement, effect: str, annotations: Mapping[str, str]) -> Rule:
    name = annotations.get("id")
    if not name:
        raise statement.wrong('has no name: begin it with @id("…")')
    if unknown := sorted(annotations.keys() - ALLOWED_ANNOTATIONS[effect]):
        raise statement.wrong(f"{name}: a {effect} takes no @{unknown[0]}")
    try:
        said = _refusal(name, annotations) if effect == "forbid" else _grant(annotations)
    except ValueError as error:
        raise statement.wrong(f"{name}: {error}") from None
    return Rule(name=name, file=statement.file, line=statement.line, **said)


def _refusal(name: str, annotations: Mapping[str, str]) -> dict[str, Any]:
    code, message = annotations.get("code", ""), annotations.get("message", "")
    if code not in RefusalCode.__members__:
        raise ValueError(f"@code has to be one of {', '.join(RefusalCode.__members__)}")
    if not message:
        raise ValueError('a forbid says why: @message("…")')
    refusal = Refusal(code=RefusalCode[code], message=message, rule=name, field=annotations.get("field"))
    return {"refusal": refusal}


def _grant(annotations: Mapping[str, str]) -> dict[str, Any]:
    match annotations.get("grants"):
        case "alone" if not {"approver", "persons"} & annotations.keys():
            return {}
        case "approval":
            approver, persons = annotations.get("approver", ""), annotations.get("persons", "")
            if not approver or not persons.isdecimal() or not 1 <= int(persons) <= PERSONS_AT_MOST:
                raise ValueError('an approval needs @approver("role") and @persons("1") or more')
            return {"approver": approver, "persons": int(persons)}
    raise ValueError('a permit says @grants("alone"), or @grants("approval") with @approver and @persons')


def _once(rules: Iterable[Rule]) -> None:
    seen: dict[str, Rule] = {}
    for rule in rules:
        if other := seen.get(rule.name):
            raise BadPolicy(rule.file, rule.line, f"{rule.name} is also in {other.file}, line {other.line}")
        seen[rule.name] = rule
