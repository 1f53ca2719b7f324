"""Does a link still lead somewhere? Asked without letting anybody use the server to look into its own network.

The name is resolved once, every address it has must be a public one, and the connection goes to the address that was
checked: a name that changes its mind in between gains nothing. Each redirect goes through the same gate. Nothing of
the answer is read but its status.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

OK, BROKEN, UNCLEAR = "ok", "broken", "unclear"
TIMEOUT = 10  # seconds, for each connection
REDIRECTS = 5
AGENT = "Mozilla/5.0 (compatible; link check)"
# The page is there, but not for a program that asks without logging in.
NOT_FOR_US = (401, 403, 407, 429)
ASK_OTHERWISE = (400, 403, 404, 405, 501)  # some servers do not know HEAD
SAFE = "%:/?#[]@!$&'()*+,;=~"  # everything else is written with percent signs, as browsers do

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # IPv4 addresses, spelled in IPv6
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Result:
    """``state`` is OK, BROKEN or UNCLEAR; ``problem`` a key, ``detail`` what to put into its sentence."""

    state: str
    problem: str = ""
    detail: str = ""


class Problem(Exception):
    def __init__(self, problem: str, detail: str = "") -> None:
        super().__init__(problem)
        self.result = Result(BROKEN, problem, detail)


class _Connection(http.client.HTTPConnection):
    """Speaks to the address that was checked, in the name of the host."""

    def __init__(self, host: str, port: int, address: str, context: ssl.SSLContext | None) -> None:
        super().__init__(host, port, timeout=TIMEOUT)
        self.address, self.context = address, context
        if context:
            self.default_port = 443

    def connect(self) -> None:
        self.sock = socket.create_connection((self.address, self.port), self.timeout)
        if self.context:
            self.sock = self.context.wrap_socket(self.sock, server_hostname=self.host)


def is_public(address: str, allowed: Sequence[Network] = ()) -> bool:
    """Whether anybody on the internet could reach this address, or it is one of the ``allowed`` networks."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ip.sixtofour or (ipaddress.IPv4Address(ip.packed[-4:]) if ip in NAT64 else ip)
    if any(ip in network for network in allowed if network.version == ip.version):
        return True
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def check(url: str, allowed: Sequence[Network] = ()) -> Result:
    """Ask for a page.

    :param url: http or https
    :param allowed: private networks that may be asked all the same, such as that of an intranet
    """
    try:
        for _redirect in range(REDIRECTS + 1):
            status, location = _ask(url, allowed)
            if status in (301, 302, 303, 307, 308) and location:
                url = urljoin(url, location)
                continue
            return _judge(status)
    except Problem as problem:
        return problem.result
    except (ValueError, http.client.HTTPException):  # what a page sends visitors on to may be anything
        return Result(BROKEN, "address")
    return Result(BROKEN, "redirects")


def _judge(status: int) -> Result:
    if status in NOT_FOR_US:
        return Result(UNCLEAR, "status", str(status))
    return Result(OK) if status < 400 else Result(BROKEN, "status", str(status))


def _ask(url: str, allowed: Sequence[Network]) -> tuple[int, str | None]:
    """Status and `Location` of the answer."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise Problem("address") from error
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        raise Problem("address")
    port = port or (443 if parts.scheme == "https" else 80)
    address = _resolve(host, port, allowed)
    path = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=SAFE)
    status, location = _request("HEAD", parts.scheme, host, port, address, path)
    if status in ASK_OTHERWISE:
        status, location = _request("GET", parts.scheme, host, port, address, path)
    return status, location


def _resolve(host: str, port: int, allowed: Sequence[Network]) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise Problem("unknown", host) from error
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(is_public(address, allowed) for address in addresses):
        raise Problem("private", host)
    return addresses[0]


def _request(method: str, scheme: str, host: str, port: int, address: str, path: str) -> tuple[int, str | None]:
    context = ssl.create_default_context() if scheme == "https" else None
    connection = _Connection(host, port, address, context)
    try:
        connection.request(method, path, headers={"User-Agent": AGENT, "Accept": "*/*", "Connection": "close"})
        response = connection.getresponse()
        location = response.getheader("Location")
        return response.status, location and quote(location.encode("latin-1"), safe=SAFE)  # its bytes as they came
    except ssl.SSLError as error:
        raise Problem("certificate", host) from error
    except TimeoutError as error:
        raise Problem("timeout", str(TIMEOUT)) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Problem("unreachable", host) from error
    finally:
        connection.close()
