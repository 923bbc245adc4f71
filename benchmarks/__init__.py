"""Benchmarks: each prints a table with the machine and versions, and writes it as JSON."""
