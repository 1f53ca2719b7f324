"""Ports to serve on."""

from __future__ import annotations

import socket

from .console import Failure


def free_port(wanted: int) -> int:
    """The wanted port of this machine, or the next one that nobody uses."""
    for port in range(wanted, wanted + 100):
        with socket.socket() as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                attempt.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise Failure(f"All ports from {wanted} to {wanted + 99} are busy.")
