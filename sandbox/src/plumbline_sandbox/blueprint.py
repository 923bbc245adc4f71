"""What a new world is to contain: plain data that the seed hands to each vendor's builder."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CustomerBlueprint:
    """A customer of a realm, named like the owner (vendor record) in Procore.

    `email` None: the customer has no e-mail address, and nothing can be sent to it.
    `jobs` are the names of its sub-customers, one per project.
    """

    name: str
    email: str | None
    jobs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RealmBlueprint:
    """One QuickBooks company with the OAuth client that is connected to it.

    `state` decides which sales tax it knows. `history` gives it invoices and payments of past months.
    """

    id: str
    name: str
    client_id: str
    client_secret: str
    access_token: str
    refresh_token: str
    customers: tuple[CustomerBlueprint, ...]
    checks_duplicate_numbers: bool = True
    state: str = "TX"
    history: bool = False
