"""Takes URLs apart, and finds the proxy that the environment names for one."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit
from urllib.request import (  # type: ignore[attr-defined]
    getproxies_environment,
    proxy_bypass_environment,
)

import urllib3

from forensics.errors import UsageError
from forensics.printable import printable

_PORTS = {"https": 443, "http": 80}


def origin_of(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of a URL. Raises ValueError when it has none that can be asked."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not parts.hostname:
        raise ValueError("not a URL of the web")
    return scheme, parts.hostname.lower(), parts.port or _PORTS[scheme]


def host_of(url: str) -> str:
    """The host of a URL with its port, printable; nothing else of it is ever shown."""
    try:
        scheme, host, port = origin_of(url)
    except ValueError:
        return "an address that is none"
    return printable(host if port == _PORTS[scheme] else f"{host}:{port}")


def proxy_for(url: str) -> str:
    """The proxy that the environment names for a URL, empty for none; this machine is never behind one.

    HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY in small letters or capitals, as curl reads them.
    """
    scheme, host, port = origin_of(url)
    proxies = getproxies_environment()
    proxy = proxies.get(scheme) or proxies.get("all") or ""
    if not proxy or host == "localhost" or host.startswith("127.") or host == "::1":
        return ""
    if proxy_bypass_environment(f"{host}:{port}", proxies) or proxy_bypass_environment(host, proxies):
        return ""
    if "://" not in proxy:
        proxy = f"http://{proxy}"
    if urlsplit(proxy).scheme.lower() not in _PORTS:
        raise UsageError(
            "the proxy that the environment names is of a kind that is not supported",
            "name an http:// or https:// proxy in HTTPS_PROXY",
        )
    return proxy


def proxy_headers(proxy: str) -> Mapping[str, str]:
    """What the user and password in a proxy's URL come to, as headers for it."""
    parts = urlsplit(proxy)
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return dict(urllib3.make_headers(proxy_basic_auth=pair))
