"""qb-writer: the one way into QuickBooks Online, with one effect however often a write is tried.

Start reading at `service.Writer.converge`; `domain.plan` says what the next write is, and
`domain.writes` what a write consists of.
"""
