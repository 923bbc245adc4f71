"""The query language: `fields` (what can be asked), `parser` (statement to plan), `run` (plan to rows)."""
