"""The settings of scanning and reading files."""

from typing import Literal, Self

from pydantic import Field, model_validator

from plumbline.common.settings import ServiceSettings
from plumbline.compliance.adapters.reading.limits import MIB, Limits
from plumbline.compliance.adapters.scanning import Clamd, Unscanned
from plumbline.compliance.ports.reading import Scanner


class ReadingSettings(ServiceSettings):
    """How files of strangers are scanned and read."""

    scanner: Literal["clamd", "none"] = Field(
        default="clamd", description="Who looks for viruses; `none` is refused in production."
    )
    clamd_host: str = Field(default="127.0.0.1", description="Host of ClamAV's daemon.")
    clamd_port: int = Field(default=3310, description="Its TCPSocket.")
    clamd_deadline_s: float = Field(
        default=30.0, gt=0, description="Longest wait for one answer of ClamAV's daemon."
    )
    paper_mib_max: int = Field(default=25, ge=1, description="Largest file that is taken, in MiB.")
    paper_pages_max: int = Field(default=200, ge=1, description="Most pages of a file that are read.")
    readers: int = Field(
        default=2, ge=1, description="Files read at once, each in a process of its own with its own memory."
    )
    reader_memory_mib: int = Field(
        default=1024, ge=256, description="Address space of a process that reads a file, in MiB."
    )
    reader_processor_s: int = Field(
        default=10, ge=1, description="Processor time that reading a file may take."
    )
    reader_deadline_s: float = Field(default=15.0, gt=0, description="Longest wait for a file to be read.")

    @model_validator(mode="after")
    def _strangers_files_are_scanned(self) -> Self:
        if self.scanner == "none" and self.env == "production":
            raise ValueError(
                "files that are not scanned for viruses are for trying things out; production needs "
                "PLUMBLINE_SCANNER=clamd, and ClamAV's daemon at PLUMBLINE_CLAMD_HOST"
            )
        return self

    def virus_scanner(self) -> Scanner:
        """Return the scanner that is asked for."""
        if self.scanner == "none":
            return Unscanned()
        return Clamd(self.clamd_host, self.clamd_port, deadline_s=self.clamd_deadline_s)

    def reading_limits(self) -> Limits:
        """Return what one file may be, and what its reader may use."""
        return Limits(
            content_bytes=self.paper_mib_max * MIB,
            pages=self.paper_pages_max,
            memory_bytes=self.reader_memory_mib * MIB,
            processor_s=self.reader_processor_s,
            wall_s=self.reader_deadline_s,
            places=self.readers,
        )
