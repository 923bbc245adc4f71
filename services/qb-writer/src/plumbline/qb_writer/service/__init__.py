"""The use cases: letting a company go live, making a record of the books true, following and comparing them."""

from plumbline.qb_writer.service.beginning import AlreadyLiveError, GoingLive, UnknownConnectionError
from plumbline.qb_writer.service.comparing import Comparer
from plumbline.qb_writer.service.foreseeing import Foreseen, Foreseer
from plumbline.qb_writer.service.reading import Reader
from plumbline.qb_writer.service.seeing import Viewer
from plumbline.qb_writer.service.work import Patience
from plumbline.qb_writer.service.writer import EndlessPlanError, Writer

__all__ = [
    "AlreadyLiveError",
    "Comparer",
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
