"""Why an e-invoice was refused: a provider's own sentence, or our reason, which is kept as its code with its values.

Whoever reads ours does so in her own language.
"""

from collections.abc import Iterable
from datetime import date

from app.kernel.i18n import format_date, format_number
from app.payments.errors_legal import RateEnded
from app.payments.lines import TaxedLine
from app.payments.tax import last_day_of


def why_not(lines: Iterable[TaxedLine], day: date) -> str:
    """Why no provider is asked for an e-invoice of a day over lines, as it is kept; empty when one is asked."""
    for line in lines:
        last = last_day_of(line.tax_rate) if line.tax_rate else None
        if last is not None and last < day:
            return f"{RateEnded.code} {line.tax_rate} {last.isoformat()}"
    return ""


def is_ours(kept: str) -> bool:
    """Whether what is kept of a refusal is our own reason, so that no provider was asked."""
    return kept.partition(" ")[0] == RateEnded.code


def reason_said(kept: str) -> str:
    """What is kept of a refusal as people read it."""
    if not is_ours(kept):
        return kept
    _code, rate, last = kept.split()
    return RateEnded(rate=format_number(int(rate) / 100), last=format_date(date.fromisoformat(last))).sentence()
