"""What could not be examined, said aloud."""

from __future__ import annotations

import msgspec


class Issue(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """Something about the content that stopped part of the work; it never stops the run.

    `stage` is the room that met it (`source`, `layer`, `inventory`, `sbom`, `examine`, `report`),
    `code` a stable word (`digest-mismatch`, `truncated`, `limit`, `worker-died`, `not-parsed`, …),
    `subject` the printable name of what it is about (`layer 3`, `layer 3:/opt/a`, `index.json`),
    `message` one sentence, `lost_bytes` how many bytes nobody looked at (0 when all were).
    """

    stage: str
    code: str
    subject: str
    message: str
    lost_bytes: int = 0
