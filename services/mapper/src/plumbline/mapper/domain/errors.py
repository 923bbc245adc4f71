"""What keeps a record from becoming a command: each parks it, with a sentence for a person."""

from typing import ClassVar

from plumbline.common.errors import NeedsHumanError, PermanentError


class NotARecordError(PermanentError):
    """A key names nothing that the mapper owns."""


class MappingError(NeedsHumanError):
    """A record cannot be translated as it stands."""

    may_cure_itself: ClassVar[bool] = False
    """Whether Procore is known to show the rest a little later: look again before parking."""


class UnknownProjectError(MappingError):
    """No connection claims the project."""


class UnknownStatusError(MappingError):
    """The status map has no row for what Procore says; a status is never guessed."""


class LinesDoNotAddUpError(MappingError):
    """The schedule of values does not add up to the payment due."""

    may_cure_itself = True


class InvisibleInProcoreError(MappingError):
    """Procore says that the record changed, and shows no such record."""

    may_cure_itself = True


class NothingToBillError(MappingError):
    """The total is zero: QuickBooks takes no such invoice."""


class FractionOfCentError(MappingError):
    """An amount has a fraction of a cent; Plumbline rounds nobody's money."""


class MissingDateError(MappingError):
    """The invoice bears no date."""


class MissingBillingEntityError(MappingError):
    """The party to be billed is linked to no QuickBooks customer."""


class MissingItemError(MappingError):
    """A line is linked to no QuickBooks item."""


class NumberTemplateError(MappingError):
    """The connection's template makes no document number of this invoice."""
