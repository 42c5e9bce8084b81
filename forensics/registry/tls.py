"""TLS with registries: whom to trust, what to show, and what went wrong in words."""

from __future__ import annotations

import os
import ssl

from forensics.access import Access
from forensics.errors import UsageError
from forensics.printable import printable
from forensics.registry.errors import ConnectionLost, RegistryError


def new_context(access: Access, *, shows_certificate: bool) -> ssl.SSLContext:
    """How TLS is spoken: certificates are held against those of the system, or the person's own.

    Raises UsageError where the files that a person named cannot be used.
    """
    authorities = access.ca_file
    try:
        context = ssl.create_default_context(cafile=None if authorities is None else os.fspath(authorities))
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            f"{printable(str(authorities))} holds no certificates in PEM form", "check --ca-file"
        ) from error
    if shows_certificate and access.client_cert is not None:
        key = access.client_key or access.client_cert
        try:
            context.load_cert_chain(access.client_cert, key, password=_no_password)
        except (OSError, ValueError, ssl.SSLError) as error:
            raise UsageError(
                f"{printable(str(access.client_cert))} and its key cannot be used",
                "both must be in PEM form and belong together, and the key must not be encrypted",
            ) from error
    return context


def _no_password() -> str:
    raise ValueError("the key is encrypted")


def tls_error(host: str, told: str) -> RegistryError:
    """The sentence for what the TLS library `told` about a host."""
    if "WRONG_VERSION_NUMBER" in told or "HTTP_REQUEST" in told:
        return RegistryError(
            f"{host} does not speak TLS", "if it may be reached without, say so with --plain-http"
        )
    if "CERTIFICATE_VERIFY_FAILED" in told:
        why = told.rpartition("certificate verify failed: ")[2].partition(" (_ssl")[0]
        return RegistryError(
            f"the certificate of {host} is not trusted: {printable(why)[:200]}",
            "name its authority with --ca-file FILE",
        )
    if "ALERT" in told and ("CERTIFICATE" in told or "HANDSHAKE" in told):
        return RegistryError(
            f"{host} wants a client certificate, or another one",
            "show one with --client-cert FILE --client-key FILE",
        )
    if "EOF" in told:
        return ConnectionLost(
            f"{host} ended the connection before TLS was agreed on", "check the name and the port"
        )
    return RegistryError(
        f"TLS with {host} failed: {printable(told)[:200]}", "check the name, the port and the certificates"
    )
