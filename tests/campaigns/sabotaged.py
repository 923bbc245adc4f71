"""A plugin of pytest that spoils the code under test: `SABOTAGE=name pytest -p tests.campaigns.sabotaged`."""

import os

from tests.campaigns.sabotages import SABOTAGES

SABOTAGES[os.environ["SABOTAGE"]].apply()
