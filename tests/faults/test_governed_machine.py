"""Requests, decisions, faults and broken-off processes in any order: no cap is passed, and both books agree.

The real sagas over the vendors' simulators, asked through /graphql by several persons of several roles.
"""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from sqlalchemy import select

from mutations.governance.audit.tables import audit_events
from mutations.governance.tables import workflow_approvals, workflows
from tests.faults.proof.cases import CREDIT, REFUND, STEPS, Case
from tests.faults.proof.counting import Effects, effects_of, ends_of
from tests.faults.proof.judging import faults_of
from tests.faults.proof.one_process import OneProcess
from tests.faults.proof.town import CUSTOMER, Town, open_town
from tests.support.writing import DECIDE, ISSUE_CREDIT, REFUND_PAYMENT, money, story_of

CAP_MINOR = 2_500_00  # the creditCap of the customer's contract
CAPTURED_MINOR = 720_00  # what the payment brought in
REST_SECONDS = 40.0
MOVING = ("APPROVED", "RUNNING", "COMPENSATING", "SETTLING", "OUTCOME_UNKNOWN")
WAYS = ("ok", "ok", "refused", "busy", "error", "error_applied", "timeout_applied", "cut", "cut_applied", "errors")
ANN, BOB = ("ann", "support_agent"), ("bob", "support_agent")
LEA, FIN, FAY = ("lea", "support_lead"), ("fin", "finance_approver"), ("fay", "finance_approver")
ANN_WITH_MORE = ("ann", "finance_approver")  # the same person under a role that approves
PERSONS = (ANN, BOB, LEA, FIN, FAY, ANN_WITH_MORE)
AMOUNTS = st.sampled_from((30_00, 49_99, 120_01, 480_00, 900_07, 1_199_99))
VERBS = ("approve", "approve", "approve", "reject", "cancel", "replay", "compensate")

persons = st.sampled_from(PERSONS)
asks = st.tuples(
    persons,
    st.sampled_from((CREDIT, CREDIT, REFUND)),
    AMOUNTS,
    st.booleans(),
    st.sampled_from(WAYS),
    st.integers(0, 4),
)


class Governed(RuleBasedStateMachine):
    """One customer with a cap and a payment, and what people do about them."""

    @initialize()
    def begin(self) -> None:
        self.runner = asyncio.Runner()
        self.place = tempfile.TemporaryDirectory(prefix="c360-machine-")
        self.cases: dict[str, Case] = {}
        self.asked: list[tuple[str, dict[str, Any], tuple[str, str], str]] = []
        self.known: list[dict[str, Any]] = []
        self.runner.run(self._open())

    async def _open(self) -> None:
        directory = Path(self.place.name)
        self._town = open_town(f"sqlite:///{directory}/c360.db", directory)
        self.town: Town = await self._town.__aenter__()
        self.gateway = OneProcess(self.town)
        await self.gateway.begin()
        self.story = await story_of(self.gateway, CUSTOMER)

    @rule(ask=asks)
    def one_asks(self, ask: Any) -> None:
        self.runner.run(self._ask_all([ask]))

    @rule(several=st.lists(asks, min_size=2, max_size=4))
    def several_ask_at_once(self, several: list[Any]) -> None:
        self.runner.run(self._ask_all(several))

    @precondition(lambda self: self.asked)
    @rule(which=st.integers(0, 50))
    def somebody_asks_again_under_the_same_key(self, which: int) -> None:
        before = len(self.known)
        self.runner.run(self._send(*self.asked[which % len(self.asked)]))
        assert len({each["id"] for each in self.known}) <= before + 1

    @precondition(lambda self: self.known)
    @rule(which=st.integers(0, 50), who=persons, verb=st.sampled_from(VERBS))
    def somebody_decides(self, which: int, who: tuple[str, str], verb: str) -> None:
        self.runner.run(self._decide(self.known[which % len(self.known)], who, verb))

    @rule(after=st.sampled_from((0.0, 0.02, 0.1, 0.4)))
    def the_process_is_broken_off_and_begun_again(self, after: float) -> None:
        self.runner.run(self._again(after))

    @rule()
    def everything_comes_to_rest(self) -> None:
        self.runner.run(self._judge())

    def teardown(self) -> None:
        if not hasattr(self, "town"):
            return
        try:
            self.runner.run(self._judge())
        finally:
            self.runner.run(self._close())
            self.runner.close()
            self.place.cleanup()

    async def _close(self) -> None:
        await self.gateway.end()
        await self._town.__aexit__(None, None, None)

    async def _again(self, after: float) -> None:
        await asyncio.sleep(after)
        await self.gateway.end()
        await self.gateway.begin()

    async def _ask_all(self, several: Sequence[Any]) -> None:
        sendings = []
        for who, action, minor, on_invoice, way, at in several:
            steps = STEPS[action]
            number = len(self.cases) + 1
            case = Case(number=number, action=action, step=steps[at % len(steps)], way=way, minor=minor)
            self.cases[case.id] = case
            sending = (case.id, self._input(case, on_invoice), who, case.key)
            self.asked.append(sending)
            sendings.append(self._send(*sending))
        await asyncio.gather(*sendings)

    def _input(self, case: Case, on_invoice: bool) -> dict[str, Any]:
        amount = f"{case.minor // 100}.{case.minor % 100:02}"
        if case.action == CREDIT:
            credit = self.story.credit(amount)
            return credit if on_invoice else {key: given for key, given in credit.items() if key != "invoiceId"}
        payment = self.story.paid
        told = {"amount": money(amount, payment["amount"]["currency"]), "reason": "Charged by mistake"}
        return {"paymentId": payment["id"], **told, "caseId": self.story.breached["id"]}

    async def _send(self, case_id: str, given: dict[str, Any], who: tuple[str, str], key: str) -> None:
        subject, role = who
        action = self.cases[case_id].action
        query = ISSUE_CREDIT if action == CREDIT else REFUND_PAYMENT
        variables = {"input": given, "key": key, "wait": 0}
        told = (await self.gateway.data(query, variables, role=role, subject=subject, case=case_id))[action]
        if told["workflow"] is not None:
            self.known = [each for each in self.known if each["id"] != told["workflow"]["id"]] + [told["workflow"]]

    async def _decide(self, workflow: dict[str, Any], who: tuple[str, str], verb: str) -> None:
        subject, role = who
        given: dict[str, Any] = {"id": workflow["id"], "comment": "as agreed on the phone"}
        if verb == "approve":
            given["hash"] = workflow["plan"]["hash"]
        if verb in ("replay", "compensate"):
            given["key"] = f"{verb}-{workflow['id']}-{subject}"
        told = (await self.gateway.data(DECIDE[verb], given, role=role, subject=subject))[f"{verb}Workflow"]
        if told["workflow"] is not None and told["workflow"]["id"] != workflow["id"]:
            self.known.append(told["workflow"])

    async def _judge(self) -> None:
        await self._rest()
        await self.town.settled()
        ends = await ends_of(self.town.database, list(self.cases))
        found = {id: effects_of(self.town, end.uid) for id, end in ends.items()}
        wrong = [f"{id}: {each}" for id, end in ends.items() for each in faults_of(self.cases[id], end, found[id])]
        assert wrong == []
        assert self._moved(found, CREDIT) <= CAP_MINOR
        assert self._moved(found, REFUND) <= CAPTURED_MINOR
        for id, each in found.items():
            if ends[id].status == "SUCCEEDED":
                assert each.billing == each.ledger
        async with self.town.database.reading() as connection:
            own = select(workflow_approvals.c.id).join(workflows, workflows.c.uid == workflow_approvals.c.workflow_uid)
            assert (
                await connection.execute(own.where(workflow_approvals.c.subject == workflows.c.requester))
            ).all() == []
            recorded = select(audit_events.c.workflow_uid).where(audit_events.c.workflow_uid.is_not(None)).distinct()
            known = {uid for (uid,) in await connection.execute(recorded)}
        assert {end.uid for end in ends.values()} <= known

    def _moved(self, found: dict[str, Effects], action: str) -> int:
        return sum(sum(each.billing) for id, each in found.items() if self.cases[id].action == action)

    async def _rest(self) -> None:
        async with asyncio.timeout(REST_SECONDS):
            while True:
                async with self.town.database.reading() as connection:
                    moving = select(workflows.c.uid).where(workflows.c.status.in_(MOVING))
                    if not (await connection.execute(moving)).all():
                        return
                await asyncio.sleep(0.05)


Governed.TestCase.settings = settings(
    max_examples=4,
    stateful_step_count=12,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
TestGoverned = pytest.mark.timeout(300)(Governed.TestCase)
