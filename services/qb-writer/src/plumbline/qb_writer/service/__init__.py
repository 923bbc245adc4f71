<<<<<<< HEAD
"""The use cases: making one record of the books true, and letting a company go live."""

from plumbline.qb_writer.service.beginning import AlreadyLiveError, GoingLive, UnknownConnectionError
from plumbline.qb_writer.service.work import Patience
from plumbline.qb_writer.service.writer import EndlessPlanError, Writer

__all__ = [
    "AlreadyLiveError",
    "EndlessPlanError",
    "GoingLive",
    "Patience",
    "UnknownConnectionError",
    "Writer",
]
=======
"""The use cases: making one record of the books true, and following what people do there."""

from plumbline.qb_writer.service.reading import Reader
from plumbline.qb_writer.service.work import Patience
from plumbline.qb_writer.service.writer import EndlessPlanError, Writer

__all__ = ["EndlessPlanError", "Patience", "Reader", "Writer"]
>>>>>>> mirror
