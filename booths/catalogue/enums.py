"""Words of the catalogue."""

from enum import StrEnum


class CodeKind(StrEnum):
    """What the catalogue's short codes lead to."""

    BOOTH = "booth"
    PRODUCT = "product"
