"""A Procore and a QuickBooks Online on one laptop, with faults.

The sandbox is built from the vendors' documentation and shares no code with its users: it is
the independent oracle that tests and demonstrations are judged by.
"""
