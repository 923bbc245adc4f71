"""The files by which servers and services know each other, one folder for each that holds some.

```
postgres/password             the superuser's
kafka/admin-password          of user `admin`; kafka/jaas.conf says the same to the broker
vault/unseal-key              written when Vault is initialised
<process>/kafka-password, operator-token, database-password, vault-role-id, vault-secret-id[.wrapped]
<schema>-owner/database-password
operator/kafka-password, operator-token
desks/kafka-password
```

A folder is a volume of its own, mounted where it is used and nowhere else: that is what keeps a secret from the others.
What servers read is readable to all in its folder, for they run as users of their own; the rest is its owner's alone.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from plumbline.common.settings import put_secret_line
from plumbline.provision.principals import OPERATOR, OUTSIDERS, PRINCIPALS, SCHEMAS, owner_keys

KAFKA_ADMIN = "admin"
"""The Kafka user who may do everything."""

_FOR_SERVERS = 0o644

_JAAS = """\
admin.KafkaServer {{
  org.apache.kafka.common.security.plain.PlainLoginModule required
    username="{user}" password="{password}" user_{user}="{password}";
}};
controller.KafkaServer {{
  org.apache.kafka.common.security.plain.PlainLoginModule required
    username="{user}" password="{password}" user_{user}="{password}";
}};
services.KafkaServer {{
  org.apache.kafka.common.security.scram.ScramLoginModule required;
}};
local.KafkaServer {{
  org.apache.kafka.common.security.scram.ScramLoginModule required;
}};
"""


def make_keys(root: Path) -> list[Path]:
    """Make every secret that is not there yet, and return the new files. What is there stays."""
    made: list[Path] = []

    def keep(path: str, make: Callable[[], str], *, mode: int = 0o600) -> str:
        file = root / path
        if not file.exists():
            put_secret_line(file, make(), mode=mode)
            made.append(file)
        return file.read_text(encoding="utf-8").strip()

    keep("postgres/password", secrets.token_urlsafe, mode=_FOR_SERVERS)
    admin = keep("kafka/admin-password", secrets.token_urlsafe)
    keep("kafka/jaas.conf", lambda: _JAAS.format(user=KAFKA_ADMIN, password=admin), mode=_FOR_SERVERS)
    operator_token = keep(f"{OPERATOR}/operator-token", secrets.token_urlsafe)
    for outsider in OUTSIDERS:
        keep(f"{outsider}/kafka-password", secrets.token_urlsafe)
    for principal in PRINCIPALS:
        keep(f"{principal.name}/kafka-password", secrets.token_urlsafe)
        keep(f"{principal.name}/operator-token", lambda: operator_token)
        if principal.schema:
            keep(f"{principal.name}/database-password", secrets.token_urlsafe)
    for schema in SCHEMAS:
        keep(f"{owner_keys(schema)}/database-password", secrets.token_urlsafe)
    return made
