"""What tests of every service share: fakes with the same face as the real thing, and builders.

Nothing in here is imported by code that runs in production.
"""
