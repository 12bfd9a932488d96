"""Lines of documents: what is billed as it was priced, and what of it is net and tax."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from app.kernel.i18n import _
from app.kernel.names import clean_text
from app.payments.enums import TaxMode
from app.payments.tax import net_and_tax, rate_on


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Who sells at an edition, how it is taxed, and within how many days it is to be paid.

    ``use_drawers``: cash is taken, and goes back, through a drawer that its cashier has open.
    ``remind_days``: payers are reminded so many days before, and once when the day is over; 0 for never.
    ``qris``: hash of the picture of her QRIS code; empty without one.
    ``live``: whether cards are really charged, or else tried out in Stripe's sandbox; None while nobody chose.
    """

    seller_name: str = ""
    seller_address: str = ""
    seller_tax_code: str = ""
    tax_mode: TaxMode = TaxMode.NONE
    tax_name: str = ""
    exempt_reason: str = ""
    due_days: int = 7
    use_drawers: bool = False
    remind_days: int = 3
    qris: str = ""
    live: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Line:
    """What is billed. ``unit_minor`` is its price in minor units, with or without tax as the edition's terms have it.

    A line that somebody else bears is negative and names her; one that is exempt says why. ``with_tax``: the price was
    shown to a consumer and is all that she pays, whatever the terms say.
    """

    description: str
    unit_minor: int
    quantity: int = 1
    tax_name: str = ""
    exempt_reason: str = ""
    funded_by: str = ""
    with_tax: bool = False


@dataclass(frozen=True, kw_only=True)
class TaxedLine:
    """A line as it stands on a document; ``tax_rate`` in hundredths of a percent, None when exempt.

    ``corrects``, on a credit note, is the position of the invoice's line that it is over; None for a share of a rate.
    """

    description: str
    quantity: int
    unit_minor: int
    net_minor: int
    tax_minor: int
    tax_rate: int | None
    exempt_reason: str
    funded_by: str
    corrects: int | None = None

    @property
    def gross_minor(self) -> int:
        """Tax and all."""
        return self.net_minor + self.tax_minor


def taxed(line: Line, terms: Terms, day: date) -> TaxedLine:
    """A line with the tax that holds on a day. Raises KeyError for a rate that nobody knows."""
    reason = line.exempt_reason or ("" if line.tax_name else terms.exempt_reason)
    free = terms.tax_mode == TaxMode.NONE or bool(reason)
    rate = None if free else rate_on(line.tax_name or terms.tax_name, day)
    mode = TaxMode.INCLUDED if line.with_tax else terms.tax_mode
    net, tax = net_and_tax(line.unit_minor * line.quantity, rate or 0, mode)
    return TaxedLine(
        description=line.description,
        quantity=line.quantity,
        unit_minor=line.unit_minor,
        net_minor=net,
        tax_minor=tax,
        tax_rate=rate,
        exempt_reason=reason,
        funded_by=clean_text(line.funded_by)[:120],  # as it is stored, so that the ledger names her alike
    )


def borne(line: Line, amount_minor: int, by: str, terms: Terms, day: date) -> Line:
    """What somebody else bears of a line: one of its own, taxed like that one, in the language in use.

    The amount is all that she pays, tax and all, whatever the terms say of prices. All of the line is borne as it is
    priced, so that nothing is left of its net or its tax. Raises KeyError for a rate that nobody knows.
    """
    said = _("Borne by {name}").format(name=by)
    if amount_minor == total_of([line], terms, day):
        return replace(line, description=said, unit_minor=-line.unit_minor, funded_by=by)
    return replace(line, description=said, unit_minor=-amount_minor, quantity=1, funded_by=by, with_tax=True)


def borne_whole(lines: Iterable[TaxedLine]) -> tuple[str, int]:
    """Who bears something of lines, named one after the other, and what they bear of it in all, tax and all."""
    theirs = [line for line in lines if line.funded_by]
    names = ", ".join(dict.fromkeys(line.funded_by for line in theirs))
    return names, -sum(line.net_minor + line.tax_minor for line in theirs)


def total_of(lines: Iterable[Line], terms: Terms, day: date) -> int:
    """What lines come to with the tax that holds on a day. Raises KeyError for a rate that nobody knows."""
    made = [taxed(line, terms, day) for line in lines]
    return sum(line.net_minor + line.tax_minor for line in made)


def shares_of(
    lines: Iterable[TaxedLine], credited: Iterable[TaxedLine], gross_minor: int, description: str
) -> list[TaxedLine]:
    """Lines over a part of what is left of ``lines`` when ``credited`` was taken back of them.

    There is one for each rate of tax, reason of exemption and bearer, in the order of ``lines``. ``gross_minor`` is
    above zero and no more than what is left in all. It falls on nets and taxes in proportion, rounded by the largest
    remainder: together the lines come to it exactly, no net or tax goes beyond what is left of it, and the whole rest
    is what is left to the last unit.
    """
    left: dict[tuple[int | None, str, str], list[int]] = {}
    for sign, some in ((1, lines), (-1, credited)):
        for line in some:
            net_and_tax_left = left.setdefault((line.tax_rate, line.exempt_reason, line.funded_by), [0, 0])
            net_and_tax_left[0] += sign * line.net_minor
            net_and_tax_left[1] += sign * line.tax_minor
    shares = iter(in_proportion([amount for pair in left.values() for amount in pair], gross_minor))
    found = []
    for (rate, reason, bearer), net, tax in zip(left, shares, shares, strict=True):
        if net or tax:
            found.append(
                TaxedLine(
                    description=description,
                    quantity=1,
                    unit_minor=net + tax,
                    net_minor=net,
                    tax_minor=tax,
                    tax_rate=rate,
                    exempt_reason=reason,
                    funded_by=bearer,
                )
            )
    return found


def left_of(lines: Sequence[TaxedLine], credited: Iterable[TaxedLine]) -> list[TaxedLine]:
    """What is left of each line of an invoice when lines of credit notes, in their order, were taken back of them.

    One that names a line is taken back of that; a share of a rate of all its lines, in proportion to what was left of
    them then.
    """
    left = list(lines)
    for note in credited:
        named = [note.corrects - 1] if note.corrects else [place for place, one in enumerate(left) if _alike(one, note)]
        nets = in_proportion([left[place].net_minor for place in named], note.net_minor)
        taxes = in_proportion([left[place].tax_minor for place in named], note.tax_minor)
        for place, net, tax in zip(named, nets, taxes, strict=True):
            one = left[place]
            left[place] = replace(one, net_minor=one.net_minor - net, tax_minor=one.tax_minor - tax)
    return left


def _alike(one: TaxedLine, other: TaxedLine) -> bool:
    """Whether two lines have one rate of tax, reason of exemption and bearer."""
    mine = (one.tax_rate, one.exempt_reason, one.funded_by)
    return mine == (other.tax_rate, other.exempt_reason, other.funded_by)


def part_of_line(left: TaxedLine, position: int, gross_minor: int, reason: str) -> TaxedLine:
    """The line of a credit note over a part of what is ``left`` of an invoice's line, which it names, at its rate."""
    net, tax = in_proportion([left.net_minor, left.tax_minor], gross_minor)
    return replace(
        left,
        description=f"{left.description} – {reason}",
        quantity=1,
        unit_minor=gross_minor,
        net_minor=net,
        tax_minor=tax,
        corrects=position,
    )


def room_of_bearer(left: Sequence[TaxedLine], position: int) -> tuple[int, int]:
    """How much net and tax can be taken back of what somebody bears, by her line among what is ``left`` of them all.

    No more than she bears, nor than is left of prices at that rate, which are less by as much.
    """
    hers = left[position - 1]
    sold = [one for one in left if _alike(one, replace(hers, funded_by=""))]
    net, tax = sum(one.net_minor for one in sold), sum(one.tax_minor for one in sold)
    return max(0, min(-hers.net_minor, net)), max(0, min(-hers.tax_minor, tax))


def part_of_bearer(left: Sequence[TaxedLine], position: int, gross_minor: int, reason: str) -> list[TaxedLine]:
    """The lines of a credit note over a part of what somebody bears: hers, which it names, and prices at its rate.

    They come to nothing: she bears less of what costs as much less.
    """
    hers = left[position - 1]
    net, tax = in_proportion(room_of_bearer(left, position), gross_minor)
    sold = replace(
        hers,
        description=reason,
        quantity=1,
        unit_minor=gross_minor,
        net_minor=net,
        tax_minor=tax,
        funded_by="",
    )
    mine = replace(
        hers,
        description=f"{hers.description} – {reason}",
        quantity=1,
        unit_minor=-gross_minor,
        net_minor=-net,
        tax_minor=-tax,
        corrects=position,
    )
    return [mine, sold]


def in_proportion(amounts: Sequence[int], part: int) -> list[int]:
    """Whole shares of amounts (of either sign) that sum to ``part``, none beyond its amount: largest remainder."""
    if not part:
        return [0] * len(amounts)
    whole = sum(amounts)
    shares = [amount * part // whole for amount in amounts]
    by_remainder = sorted(range(len(amounts)), key=lambda place: -(amounts[place] * part % whole))
    for place in by_remainder[: part - sum(shares)]:
        shares[place] += 1
    return shares
