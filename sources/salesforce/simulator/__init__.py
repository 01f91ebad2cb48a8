"""A Salesforce organization as its documentation describes it: token endpoint, SOQL over REST, composite, describe."""

from sources.salesforce.simulator.server import SalesforceSimulator

__all__ = ["SalesforceSimulator"]
