"""Customers. Source: Stripe API, Customers and Customer tax IDs."""

from sources.canonical.customer import Address, CustomerRecord
from sources.canonical.erp import TaxId
from sources.canonical.provenance import CustomerRef
from sources.stripe import shapes
from sources.stripe.mapping.common import CUSTOMER, Mapping, held, moment

VERIFIED = {"verified": True, "unverified": False}  # pending and unavailable: not known


def customer_record(mapping: Mapping, customer: shapes.Customer) -> CustomerRecord:
    """What Stripe says about a customer. Whether it is a person or a company Stripe does not tell."""
    return CustomerRecord(
        ref=CustomerRef(CUSTOMER, customer.id),
        number=held(customer.metadata, mapping.number_key),
        name=customer.name or customer.description or customer.id,
        emails=(customer.email,) if customer.email else (),
        phones=(customer.phone,) if customer.phone else (),
        addresses=_addresses(customer),
        tax_ids=_tax_ids(customer),
        created_at=moment(customer.created),
        url=mapping.url("customers", customer.id, customer.livemode),
    )


def deleted_record(id: str) -> CustomerRecord:
    """What is left of a deleted customer."""
    return CustomerRecord(ref=CustomerRef(CUSTOMER, id), name=id, deleted=True)


def _addresses(customer: shapes.Customer) -> tuple[Address, ...]:
    shipping = customer.shipping.address if customer.shipping else None
    told = [("billing", customer.address), ("shipping", shipping)]
    return tuple(_address(address, purpose) for purpose, address in told if address and _says_something(address))


def _says_something(address: shapes.Address) -> bool:
    return any((address.line1, address.line2, address.city, address.state, address.postal_code, address.country))


def _address(address: shapes.Address, purpose: str) -> Address:
    return Address(
        line1=address.line1,
        line2=address.line2,
        city=address.city,
        region=address.state,
        postal_code=address.postal_code,
        country=address.country,
        purpose=purpose,
    )


def _tax_ids(customer: shapes.Customer) -> tuple[TaxId, ...]:
    return tuple(
        TaxId(
            type=tax_id.type,
            value=tax_id.value,
            verified=VERIFIED.get(tax_id.verification.status) if tax_id.verification else None,
        )
        for tax_id in (customer.tax_ids.data if customer.tax_ids else ())
    )
