"""The use cases: letting a company go live, making one record of the books true, following what people do there."""

from plumbline.qb_writer.service.beginning import AlreadyLiveError, GoingLive, UnknownConnectionError
from plumbline.qb_writer.service.foreseeing import Foreseen, Foreseer
from plumbline.qb_writer.service.reading import Reader
from plumbline.qb_writer.service.seeing import Viewer
from plumbline.qb_writer.service.work import Patience
from plumbline.qb_writer.service.writer import EndlessPlanError, Writer

__all__ = [
    "AlreadyLiveError",
    "EndlessPlanError",
    "Foreseen",
    "Foreseer",
    "GoingLive",
    "Patience",
    "Reader",
    "UnknownConnectionError",
    "Viewer",
    "Writer",
]
