"""Speaks with registries: names, credentials, requests; gives bytes and values, and knows no image.

Protocol: OCI distribution-spec 1.1, and the token authentication of the CNCF distribution project.
"""

from __future__ import annotations

from forensics.registry.client import Delivery, Fetched, RegistryClient
from forensics.registry.errors import ConnectionLost, Denied, NotThere, RegistryError, SentWrongBytes
from forensics.registry.names import RegistryName, parse_name
from forensics.registry.patience import Patience

__all__ = [
    "ConnectionLost",
    "Delivery",
    "Denied",
    "Fetched",
    "NotThere",
    "Patience",
    "RegistryClient",
    "RegistryError",
    "RegistryName",
    "SentWrongBytes",
    "parse_name",
]
