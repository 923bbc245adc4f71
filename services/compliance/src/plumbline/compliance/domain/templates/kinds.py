"""The kinds of sheets."""

from collections.abc import Mapping

from plumbline.compliance.domain.templates.daily_report import DailyReport
from plumbline.compliance.domain.templates.dispatch import DispatchSheet
from plumbline.compliance.domain.templates.sheet import Sheet
from plumbline.compliance.domain.templates.timesheet import TimesheetSheet
from plumbline.compliance.domain.templates.waiver import WaiverSheet
from plumbline.compliance.domain.templates.wh347 import PayrollSheet

KINDS: Mapping[str, type[Sheet]] = {
    kind.kind: kind for kind in (DailyReport, TimesheetSheet, WaiverSheet, PayrollSheet, DispatchSheet)
}
"""By the word that templates are filed under."""
