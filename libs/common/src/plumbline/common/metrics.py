"""The register of metrics: every name, its unit and its meaning."""

from prometheus_client import Counter, Gauge, Histogram

WORK_FINISHED = Counter(
    "plumbline_work_finished_total", "Pieces of work, by how they ended.", ["service", "verdict"]
)
WORK_SECONDS = Histogram(
    "plumbline_work_seconds",
    "Time from claim to finish of one piece of work, partner calls included.",
    ["service"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
MESSAGES_READ = Counter(
    "plumbline_messages_read_total",
    "Messages an edge took, by what became of them.",
    ["service", "topic", "fate"],
)
WEBHOOKS = Counter("plumbline_webhooks_total", "Webhook requests, by answer.", ["source", "status", "reason"])
BOOKS_LATENCY_SECONDS = Histogram(
    "plumbline_event_to_books_seconds",
    "Provider time to the answer that proves the write, partner time included.",
    ["kind"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
PARTNER_SECONDS = Histogram(
    "plumbline_partner_seconds",
    "Partner calls and waits for their limits on the way of one change.",
    ["kind"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
TOKEN_RENEWALS = Counter(
    "plumbline_token_renewals_total", "Renewals of access tokens, by outcome.", ["provider", "outcome"]
)
READY = Gauge("plumbline_ready", "1 while the service is ready for work.", ["service"])
