"""The small pages on which vendors ask a person for consent: one question, plain forms, no scripts.

A person, a browser test and an HTML parser can all use them.
"""

from collections.abc import Mapping

from plumbline_sandbox.http import Answer
from plumbline_sandbox.markup import Markup, el

_STYLE = """
:root { color-scheme: light dark; --back: #f4f5f8; --card: #fff; --text: #1c1f22; --line: #757b82; --act: #1f7f12; --on-act: #fff }
@media (prefers-color-scheme: dark) {
  :root { --back: #16191c; --card: #22282d; --text: #e7eaec; --line: #8d969e; --act: #6cc95f; --on-act: #0d1215 }
}
* { box-sizing: border-box }
body { font: 16px/1.5 system-ui, sans-serif; background: var(--back); color: var(--text); margin: 0; padding: 1rem;
  display: grid; place-items: center; min-height: 100vh }
main { background: var(--card); border-radius: 8px; padding: 1.75rem 2rem; width: 100%; max-width: 27rem;
  box-shadow: 0 1px 6px #0003; overflow-wrap: anywhere }
h1 { font-size: 1.25rem; margin-top: 0 }
select, button { font: inherit; color: inherit; background: var(--card); padding: .5rem 1rem; border-radius: 6px; border: 1px solid var(--line) }
select { width: 100%; margin: .25rem 0 1.5rem }
button { cursor: pointer; margin-right: .5rem }
button:first-of-type { background: var(--act); border-color: var(--act); color: var(--on-act); font-weight: 600 }
:focus-visible { outline: 3px solid var(--act); outline-offset: 2px }
"""


def dialog(title: str, *content: object, status: int = 200) -> Answer:
    """Return a page with nothing but this on it."""
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("title", title),
        el("link", rel="icon", href="data:,"),  # else browsers ask for one
        el("style", Markup(_STYLE)),
    )
    page = "<!doctype html>" + el("html", head, el("body", el("main", content)), lang="en")
    return Answer(status, page.encode(), {"content-type": "text/html; charset=utf-8"})


def question(action: str, asked: Mapping[str, str], *content: object, answers: Mapping[str, str]) -> Markup:
    """Return a form that carries on what was asked, with a button for each `decision`.

    Args:
        action: Where it is posted.
        asked: The parameters of the request that led here.
        content: What else is to be chosen.
        answers: The labels of the buttons by the decision each stands for; the first is the one to agree.
    """
    carried = [el("input", type="hidden", name=name, value=value) for name, value in asked.items()]
    buttons = [
        el("button", label, type="submit", name="decision", value=decision)
        for decision, label in answers.items()
    ]
    return el("form", carried, content, buttons, method="post", action=action)
