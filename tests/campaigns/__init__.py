"""Campaigns: long series of faults with real processes, judged from outside; see README.md."""
