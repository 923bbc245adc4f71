"""The register of metrics: every name, its unit and its meaning.

What is read from a service's tables is the same in every replica: take the `max` of it over replicas, never the sum.
"""

from prometheus_client import Counter, Gauge, Histogram

_WAY_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_CALL_S = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_TURN_S = (0.01, 0.05, 0.125, 0.25, 0.5, 1, 2, 3)

READY = Gauge("plumbline_ready", "1 while the service is ready for work, as /health/ready says.", ["service"])

# ---- what a process did
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
INTAKE_FAILURES = Gauge(
    "plumbline_intake_failures",
    "How often in a row a batch could not be stored; 0 while messages are taken.",
    ["service", "topic"],
)
WEBHOOKS = Counter("plumbline_webhooks_total", "Webhook requests, by answer.", ["source", "status", "reason"])
WEBHOOK_EVENTS = Counter(
    "plumbline_webhook_events_total",
    "Events that webhooks told of, by what became of them.",
    ["source", "fate"],
)
PARTNER_CALL_SECONDS = Histogram(
    "plumbline_partner_call_seconds",
    "Calls to partners, by host and by the answer's HTTP status: `none` if no whole answer came, `not-sent`.",
    ["host", "status"],
    buckets=_CALL_S,
)
GOVERNOR_WAIT_SECONDS = Histogram(
    "plumbline_governor_wait_seconds",
    "Waits for a turn under the limit of a QuickBooks company; each call takes one.",
    ["realm"],
    buckets=_TURN_S,
)
GOVERNOR_PACE = Gauge(
    "plumbline_governor_calls_per_minute",
    "Calls of a QuickBooks company that are made in a minute at most: fewer after refusals for too many.",
    ["realm"],
)
TOKEN_RENEWALS = Counter(
    "plumbline_token_renewals_total", "Renewals of access tokens, by outcome.", ["provider", "outcome"]
)
TOKEN_EXPIRES_AT = Gauge(
    "plumbline_token_expires_timestamp_seconds",
    "When the newest access token of an account ends.",
    ["account"],
)
TOKEN_REFUSALS = Counter(
    "plumbline_token_refusals_total",
    "Access tokens that a partner refused before their end, each counted once.",
    ["account"],
)
TOKEN_WAIT_SECONDS = Histogram(
    "plumbline_token_wait_seconds",
    "How long callers waited for a live access token that was not at hand.",
    ["provider"],
    buckets=(*_TURN_S, 5, 10),
)
GRANT_STATE = Gauge(
    "plumbline_grant_state",
    "1 for the state of an account's grant: live, renewing, uncertain, dead, expiring.",
    ["account", "state"],
)
CREDENTIAL_CHANGED_AT = Gauge(
    "plumbline_credential_changed_timestamp_seconds",
    "Since when a long-lived credential has its present value.",
    ["credential"],
)
CREDENTIAL_ENDS_AT = Gauge(
    "plumbline_credential_ends_timestamp_seconds",
    "When a long-lived credential ends unless a person replaces it before.",
    ["credential"],
)
SECRET_ID_DELIVERIES = Counter(
    "plumbline_secret_id_deliveries_total",
    "Secret ids of Vault that were delivered: `taken`, or `spent` if the delivery had been opened before.",
    ["outcome"],
)
for _outcome in ("taken", "spent"):
    SECRET_ID_DELIVERIES.labels(_outcome)  # a first one is an increase only from zero
SECRET_ID_TAKEN_AT = Gauge(
    "plumbline_secret_id_taken_timestamp_seconds",
    "When the secret id was delivered by which this process enters Vault; it ends 40 days later.",
)

# ---- from Procore's change to the answer that proves it is in the books
BOOKS_LATENCY_SECONDS = Histogram(
    "plumbline_event_to_books_seconds",
    "Provider time to the answer that proves the write, partner time included.",
    ["kind"],
    buckets=_WAY_S,
)
PARTNER_SECONDS = Histogram(
    "plumbline_partner_seconds",
    "Of that: partner calls, and waits for their limits.",
    ["kind"],
    buckets=_WAY_S,
)
OWN_SECONDS = Histogram(
    "plumbline_own_seconds",
    "Of that: the rest, which is Plumbline's own.",
    ["kind"],
    buckets=_WAY_S,
)

# ---- what waits, as a service's tables say
WORK_DUE = Gauge("plumbline_work_due", "Records due now, those in hand included.", ["service", "connection"])
WORK_LATE_SECONDS = Gauge(
    "plumbline_work_late_seconds",
    "How long the record that is due longest has been due.",
    ["service", "connection"],
)
WORK_UNFINISHED_SECONDS = Gauge(
    "plumbline_work_unfinished_seconds",
    "Age of the oldest change that is neither served nor parked, by the provider's time.",
    ["service", "connection"],
)
WORK_FAILING = Gauge(
    "plumbline_work_failing", "Records that have failed since they last succeeded.", ["service", "connection"]
)
CONNECTION_HELD = Gauge(
    "plumbline_connection_held",
    "1 while a partner wants none of the connection's records.",
    ["service", "connection"],
)
PARKED_RECORDS = Gauge(
    "plumbline_parked_records", "Records that wait for a person.", ["service", "connection", "code"]
)
PARKED_CENTS = Gauge(
    "plumbline_parked_cents", "Money that waits with them, in cents.", ["service", "connection", "code"]
)
READS_USED = Gauge(
    "plumbline_reads_used", "Metered calls to QuickBooks in this month, by Intuit app.", ["app"]
)
READS_FORECAST = Gauge(
    "plumbline_reads_forecast", "How many there will be at the month's end, at the pace so far.", ["app"]
)
READS_PER_MONTH = Gauge("plumbline_reads_per_month", "How many there may be.", ["app"])
DRIFT_DIFFERENCES = Gauge(
    "plumbline_drift_differences",
    "Open differences between QuickBooks and what should be there, by what they differ in.",
    ["connection", "code"],
)
DRIFT_CENTS = Gauge("plumbline_drift_cents", "Money that they touch, in cents.", ["connection", "code"])
DRIFT_OLDEST_HOURS = Gauge(
    "plumbline_drift_oldest_business_hours",
    "Age of the oldest of them, in the connection's business hours; 0 where the books agree.",
    ["connection"],
)
PAPERS = Gauge("plumbline_papers", "Papers, by how far they are.", ["connection", "state"])
TICKETS_UNANSWERED = Gauge(
    "plumbline_tickets_unanswered",
    "Papers at desks that have not acknowledged them within the time they have.",
    ["connection"],
)
LOOP_FAILURES = Gauge(
    "plumbline_loop_failures",
    "Times in a row that something done again and again has failed; 0 once it succeeds.",
    ["loop"],
)
OUTBOX_WAITING = Gauge("plumbline_outbox_waiting", "Messages that are not on Kafka yet.", ["service"])
OUTBOX_OLDEST_SECONDS = Gauge("plumbline_outbox_oldest_seconds", "Age of the oldest of them.", ["service"])
BACKLOG_READ_AT = Gauge(
    "plumbline_backlog_read_timestamp_seconds",
    "When these figures were last read from the tables.",
    ["service"],
)
