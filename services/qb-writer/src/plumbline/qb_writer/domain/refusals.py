"""What a final refusal by QuickBooks means for the record. A table over its reactions. Pure."""

from datetime import timedelta

from plumbline.common.reconciling.verdicts import Park, Verdict, Wait
from plumbline.quickbooks.faults import Fault, Reaction

COMPANY_BUSY = timedelta(seconds=60)
"""A company that is moved or maintained is asked again after a minute."""

SUBSCRIPTION_LAPSED = timedelta(minutes=15)
"""A lapsed subscription is looked at again four times an hour; nothing is lost meanwhile."""

_ADVICE = {
    Reaction.REMAP: ("invalid-link", "Correct the link with `plumbline link`"),
    Reaction.CONFIGURE: ("quickbooks-set-up", "Change the company's settings in QuickBooks"),
    Reaction.RECONNECT: ("missing-scopes", "Connect the company again"),
}


def verdict_of(fault: Fault, *, number: str | None) -> Verdict:
    """Return what follows from a refusal, once its write is closed."""
    match fault.reaction:
        case Reaction.ADOPT_OR_CONFLICT:
            other = f" (transaction {fault.taken_by_id})" if fault.taken_by_id else ""
            return Park(
                "invoice-already-exists",
                f"Invoice already exists: number {number} belongs to another document in QuickBooks{other}. "
                "Renumber that one, or this one in Procore, then resume this record.",
            )
        case Reaction.BACK_OFF:
            return Wait(COMPANY_BUSY, str(fault), holds_connection=True)
        case Reaction.PAUSE_REALM:
            return Wait(SUBSCRIPTION_LAPSED, str(fault), holds_connection=True)
        case reaction:
            code, advice = _ADVICE.get(reaction, (f"quickbooks-{fault.code}", "Set it right"))
            return Park(code, f"{fault}. {advice}, then resume this record.")
