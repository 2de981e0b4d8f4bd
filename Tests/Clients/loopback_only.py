"""Lets this process reach its own machine alone: what a client wants beyond it fails, and is remembered."""

import ipaddress
import sys

wanted = []


def is_own(host):
    if isinstance(host, bytes):
        host = host.decode()
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def look(event, arguments):
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if not is_own(host):
        wanted.append(host)
        raise OSError(f"{host} is beyond this machine")


def enforce():
    """Holds from now on, for as long as the process lives."""
    sys.addaudithook(look)
