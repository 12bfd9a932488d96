"""A reader of EMVCo merchant-presented codes, written apart from what makes them.

After EMVCo's "QR Code Specification for Payment Systems, Merchant-Presented Mode" 1.1: data objects of a two-digit
identifier, a two-digit length and a value, some of which are templates of such objects; the last one is the checksum.
"""

from __future__ import annotations

from dataclasses import dataclass, field

TEMPLATES = {*(f"{number:02d}" for number in range(26, 52)), "62"}
ACCOUNTS = {("38", "01")}


@dataclass
class Node:
    """One data object; a template has objects in place of a value."""

    value: str
    objects: dict[str, Node] = field(default_factory=dict)

    def at(self, *path: str) -> str:
        """The value below this object at a path of identifiers."""
        node = self
        for identifier in path:
            node = node.objects[identifier]
        return node.value


def checksum(data: bytes) -> int:
    """ISO/IEC 13239's 16 bits with polynomial 1021 (hex) and initial value FFFF (hex), by long division."""
    register = 0xFFFF
    for bit in (byte >> place & 1 for byte in data for place in range(7, -1, -1)):
        out = register >> 15 & 1
        register = register << 1 & 0xFFFF
        if out ^ bit:
            register ^= 0x1021
    return register


def read(text: str) -> Node:
    """The tree of a code. Raises ValueError for a wrong checksum, length, order or a repeated identifier."""
    head, stated = text[:-4], text[-4:]
    if head[-4:] != "6304" or int(stated, 16) != checksum(head.encode("ascii")) or stated != stated.upper():
        raise ValueError("the checksum does not fit")
    root = Node(text, _objects(text, ()))
    if next(iter(root.objects)) != "00" or list(root.objects)[-1] != "63":
        raise ValueError("the version does not stand first, or the checksum not last")
    return root


def _objects(text: str, path: tuple[str, ...]) -> dict[str, Node]:
    found: dict[str, Node] = {}
    rest = text
    while rest:
        identifier, length = rest[:2], int(rest[2:4])
        value, rest = rest[4 : 4 + length], rest[4 + length :]
        if len(value) != length or length == 0 or not identifier.isdigit() or identifier in found:
            raise ValueError(f"object {identifier} is not whole, empty or there twice")
        below = (*path, identifier)
        nested = (len(below) == 1 and identifier in TEMPLATES) or below in ACCOUNTS
        found[identifier] = Node(value, _objects(value, below) if nested else {})
    return found
