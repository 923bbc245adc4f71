"""Plumbline on one machine: servers, supervisor, runners, the operator command, the demo."""
