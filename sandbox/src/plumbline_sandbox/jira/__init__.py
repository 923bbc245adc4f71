"""Jira Cloud: issues, their transitions, comments and links, and the search for them."""
