"""The page of rules says what the rules say."""

from rules_lab import rule_set
from rules_page import PAGE, page


def test_the_page_is_that_of_the_rules() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


def test_the_page_begins_with_what_it_is_not_and_names_every_rule_with_its_source() -> None:
    text = page()
    assert "**Not legal advice.**" in text[:100]
    lines = {line.split("**")[1]: line for line in text.splitlines() if line.startswith("| **")}
    assert {rule.id for rule in rule_set().rules} == set(lines)
    assert all(
        rule.source.law in lines[rule.id] and str(rule.since) in lines[rule.id] for rule in rule_set().rules
    )
