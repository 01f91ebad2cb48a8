"""The people at a customer."""

import random
from datetime import timedelta

from sources.simulation.facts import PersonJoined
from sources.simulation.world import names
from sources.simulation.world.companies import Company

HOW_MANY = {"small": (1, 2), "medium": (2, 4), "big": (4, 8)}


def people_of(company: Company, rng: random.Random) -> list[PersonJoined]:
    """The people, the first one soon after the customer came to be."""
    known = company.known
    if known.person:
        return [_person(company, 1, known.name, known.email, "Customer")]
    people: list[PersonJoined] = []
    for place in range(1, rng.randint(*HOW_MANY[company.size]) + 1):
        name = f"{rng.choice(names.FIRST_NAMES)} {rng.choice(names.LAST_NAMES)}"
        mailbox = name.lower().replace(" ", ".")
        if any(person.email.startswith(mailbox + "@") for person in people):
            mailbox += str(place)
        email = f"{mailbox}@{known.domain or f'people-{company.index}.example'}"
        people.append(_person(company, place, name, email, names.ROLES[(company.index + place) % len(names.ROLES)]))
    return people


def _person(company: Company, place: int, name: str, email: str, role: str) -> PersonJoined:
    return PersonJoined(
        at=company.known.at + timedelta(hours=2 * place),
        customer=company.key,
        key=f"P-{company.index:06}-{place}",
        name=name,
        email=email,
        phone=company.known.phone if place == 1 else None,
        role=role,
    )
