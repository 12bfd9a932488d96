"""Tables of the kernel."""

from piccolo.columns import Integer, Timestamptz, Varchar
from piccolo.table import Table


class RateLimit(Table, tablename="rate_limit"):
    """Tries under one key in one window of time."""

    key = Varchar(length=40, unique=True, null=False)
    tries = Integer()
    expires_at = Timestamptz(default=None, null=True, index=True)


TABLES: list[type[Table]] = [RateLimit]
