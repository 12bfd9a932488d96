"""The form of a group's order: so many tickets of one type, names by a sheet or typed."""

from typing import Annotated

import msgspec

from ticketing.sales.schemas import ClientId, Name, Row

MOST_IN_GROUP = 200


class GroupForm(msgspec.Struct):
    """What a group orders, and who it is for. ``names`` stand one in each line; ``count`` may be more than they are."""

    ticket_type: Row
    full_name: Name
    contact: Annotated[str, msgspec.Meta(min_length=3, max_length=254)]
    client_id: ClientId
    locale: str = "vi"
    names: Annotated[str, msgspec.Meta(max_length=40_000)] = ""
    count: Annotated[int, msgspec.Meta(ge=1, le=MOST_IN_GROUP)] | None = None
    bill_name: Annotated[str, msgspec.Meta(max_length=200)] = ""
    bill_address: Annotated[str, msgspec.Meta(max_length=300)] = ""
    bill_tax_code: Annotated[str, msgspec.Meta(max_length=20)] = ""
