"""Decisions without I/O: what should be written next, in which bytes, and what an answer proves."""
