"""The types of workflows and plans, made of their records."""

from mutations.governance.plan import WorkflowPlan
from mutations.governance.workflow import Workflow
from resolvers.connections import connection_type
from resolvers.exposure import exposed
from resolvers.interfaces import Node

WorkflowType = exposed(Workflow, Node)
WorkflowPlanType = exposed(WorkflowPlan)
WorkflowConnectionType = connection_type(WorkflowType, counted=True)
