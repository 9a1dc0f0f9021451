"""A socket that waits for callers."""

from __future__ import annotations

import os
import socket

__all__ = ["listen"]

WAITING = 1024  # callers that may wait for the first answer


def listen(host: str, port: int) -> socket.socket:
    """A listening socket at a port; 0 takes any that is free.

    Raises:
        OSError: the port is taken or may not be used, or the host is none of this machine.
    """
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    if os.name != "nt":  # there it would let two share a port
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        made.listen(WAITING)
    except OSError:
        made.close()
        raise
    return made
