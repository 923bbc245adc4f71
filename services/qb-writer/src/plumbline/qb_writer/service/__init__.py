"""The use case: making one record of the books true."""

from plumbline.qb_writer.service.work import Patience
from plumbline.qb_writer.service.writer import EndlessPlanError, Writer

__all__ = ["EndlessPlanError", "Patience", "Writer"]
