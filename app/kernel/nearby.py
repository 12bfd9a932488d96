"""Which hosts are near: what goes there in clear crosses this machine or a private network, and nobody else's."""

from ipaddress import ip_address

#: Names that are resolved inside of a local network alone (RFC 6761, 6762, 8375, ICANN's .internal, and common use).
LOCAL_NAMES = (".localhost", ".local", ".lan", ".internal", ".home.arpa")


def is_near(host: str) -> bool:
    """Whether a host is this machine or on a private network, as its name or address says; nothing is looked up.

    A name without a dot is one of this network, such as a container's. Of no host at all it is true: sockets and files.
    """
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host.lower().rstrip(".").endswith(LOCAL_NAMES)
