"""The use cases: making one record of the books true, and following what people do there."""

from plumbline.qb_writer.service.reading import Reader
from plumbline.qb_writer.service.work import Patience
from plumbline.qb_writer.service.writer import EndlessPlanError, Writer

__all__ = ["EndlessPlanError", "Patience", "Reader", "Writer"]
