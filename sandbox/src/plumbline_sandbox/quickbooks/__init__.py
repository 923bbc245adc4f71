"""QuickBooks Online: the accounting API v3 and its authorization server, in memory."""
