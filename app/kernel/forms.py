"""The one decoder of HTML forms: texts as browsers send them become a typed ``msgspec.Struct``, or a form with errors.

What browsers do that structs do not: an empty field is ``""``, a checkbox is ``on`` or absent, one value of many is no
list, numbers carry separators, dates come from ``<input type=date>`` or are typed as people write them.
"""

import enum
import re
import types
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request
from litestar.datastructures import UploadFile

from app.kernel.errors import Conflict, Invalid
from app.kernel.i18n import N_, _
from app.kernel.names import clean_lines, clean_text, contact_of

StructT = TypeVar("StructT", bound=msgspec.Struct)

#: A whole number that every database column and every script holds is less than this.
MOST = 2**53

#: Marks a text that is taken as it was typed, blanks and all, such as a password.
AS_TYPED = msgspec.Meta(extra={"as_typed": True})

REQUIRED = N_("Please fill this in.")
NOT_A_CONTACT = N_("Please write a phone number such as 0912 345 678, or a mail address.")
NOT_A_NUMBER = N_("Please write a number, such as 12.")
NOT_WHOLE = N_("Please write a whole number, such as 12.")
NOT_A_DATE = N_("Please write a date, such as 21/11/2026.")
NOT_A_TIME = N_("Please write a date and a time, such as 21/11/2026 09:30.")
NOT_A_CHOICE = N_("Please choose one of the list.")
TOO_LONG = N_("Please write at most {limit} characters.")
TOO_SHORT = N_("Please write at least {limit} characters.")
TOO_SMALL = N_("Please write {limit} or more.")
TOO_LARGE = N_("Please write {limit} or less.")
NOT_MORE = N_("Please write more than {limit}.")
NOT_LESS = N_("Please write less than {limit}.")
NOT_LIKE_THAT = N_("This does not have the form that is expected here.")


#: The hidden field of an edit form: what stood in it when it was opened, as JSON (see :mod:`app.kernel.editing`).
OPENED = "as_opened"


class Form:
    """What a page shows of a form: the values as typed, and a sentence for each field that does not fit.

    ``said`` holds, for a field whose sentence names a value, how to say it with the words of the field's options.
    """

    def __init__(self, values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None) -> None:
        self.values = dict(values or {})
        self.errors = dict(errors or {})
        self.said: dict[str, Callable[[Mapping[str, str]], str]] = {}
        self._led_to: str | None = None

    @classmethod
    def empty(cls, **initial: Any) -> "Form":
        """A form nobody has filled in yet, with initial values."""
        return cls({name: _as_typed(value) for name, value in initial.items()})

    @classmethod
    def of(cls, **standing: Any) -> "Form":
        """The form of a record that is there already: it carries what stood in it, so that no work of two is lost."""
        form = cls.empty(**standing)
        form.values[OPENED] = msgspec.json.encode(form.values).decode()
        return form

    def value(self, name: str) -> Any:
        """The value as typed; ``""`` when there is none."""
        return self.values.get(name, "")

    def error(self, name: str, options: Iterable[Any] | None = None) -> str:
        """The sentence of a field, or ``""``; ``options`` are those that the field is drawn with."""
        if name in self.said:
            pairs = [(option, option) if isinstance(option, str) else option for option in options or ()]
            return self.said[name]({str(pair[0]): str(pair[1]) for pair in pairs})
        return self.errors.get(name, "")

    def leads_to(self, name: str) -> bool:
        """Whether the page that shows the form again puts its reader here: at the first field drawn with an error.

        To be asked once for each place where an error is drawn, in the order in which they stand on the page.
        """
        if self._led_to is not None or not self.error(name):
            return False
        self._led_to = name
        return True

    def __bool__(self) -> bool:
        return True


class FormError(Invalid):
    """A form that does not fit; ``form`` is what to show again."""

    def __init__(self, form: Form) -> None:
        super().__init__(fields=form.errors)
        self.form = form


class ChangedMeanwhile(Conflict, FormError):
    """A form with a field that somebody else changed too since it was opened."""


def _as_typed(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple | set):
        return [_as_typed(item) for item in value]
    return value


class Reading(Generic[StructT]):
    """A form that was decoded as far as it could be, so that all that is wrong with it is told at once.

    ``values`` hold a stand-in (the default, ``""``, an empty list or None) where a field did not decode: they are good
    for looking at the other fields, and for use only after :meth:`settle`.
    """

    def __init__(self, values: StructT, shown: Mapping[str, Any], errors: Mapping[str, str]) -> None:
        self.values = values
        self.form = Form(shown, errors)

    def refuse(self, field: str, sentence: str) -> None:
        """Say what is wrong with a field; what was said of it first stays."""
        self.form.errors.setdefault(field, sentence)

    def settle(self) -> StructT:
        """The values, now that all has been looked at. Raises FormError with everything that is wrong."""
        if self.form.errors:
            raise (ChangedMeanwhile if self.form.said else FormError)(self.form)
        return self.values


def contact_in(reading: Reading[Any], region: str = "VN") -> tuple[str | None, str | None]:
    """(phone, mail) of a form's one field ``contact``, as people of a country write it; refuses what is neither."""
    try:
        return contact_of(reading.values.contact, region)
    except ValueError:
        reading.refuse("contact", _(NOT_A_CONTACT))
        return None, None


async def read_form(request: Request[Any, Any, Any], model: type[StructT], *, tz: str = "UTC") -> StructT:
    """Decode a posted form. ``tz`` is the zone in which times were typed.

    Raises FormError, whose ``form`` shows what was typed and what is wrong with it.
    """
    return (await open_form(request, model, tz=tz)).settle()


async def open_form(request: Request[Any, Any, Any], model: type[StructT], *, tz: str = "UTC") -> Reading[StructT]:
    """As :func:`read_form`, for a caller that looks at some fields itself before it settles the reading."""
    return decode_form(await posted_by(request), model, tz=tz)


async def posted_by(request: Request[Any, Any, Any]) -> dict[str, list[Any]]:
    """The values of each field of a posted form."""
    data = await request.form()
    return {key: data.getall(key) for key in data}


def decode_form(posted: Mapping[str, list[Any]], model: type[StructT], *, tz: str = "UTC") -> Reading[StructT]:
    """As :func:`open_form`, from the values of each field."""
    hints = get_type_hints(model, include_extras=True)
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    shown: dict[str, Any] = {}
    for field in msgspec.structs.fields(model):
        raw = posted.get(field.encode_name, [])
        hint, meta, optional = _unwrap(hints[field.name])
        typed = [item for item in raw if isinstance(item, str)]
        shown[field.encode_name] = typed if get_origin(hint) is list else (typed[-1] if typed else "")
        required = field.default is msgspec.NODEFAULT and field.default_factory is msgspec.NODEFAULT and not optional
        try:
            value = _as_typed_in(raw) if _is_as_typed(meta) else _convert(raw, hint, tz)
            if value is None or (value == "" and hint is str):
                if hint is bool:
                    value = False
                elif required:
                    raise _Bad(REQUIRED)
                elif optional and field.default is msgspec.NODEFAULT:
                    values[field.name] = None
                    continue
                else:
                    continue
            _check_meta(value, meta)
            values[field.name] = value
        except _Bad as bad:
            errors[field.encode_name] = _(bad.message).format(**bad.params)
            if required:
                values[field.name] = "" if hint is str else [] if get_origin(hint) is list else None
    return Reading(model(**values), {**shown, **_strays(posted, shown)}, errors)


def meaning(raw: list[Any], hint: Any, tz: str) -> Any:
    """What the values of a field mean, to compare them: the same for two ways to write the same thing."""
    plain, meta, _optional = _unwrap(hint)
    try:
        value = _as_typed_in(raw) if _is_as_typed(meta) else _convert(raw, plain, tz)
    except _Bad:
        return tuple(raw)
    if get_origin(plain) is list:
        return sorted(map(str, value))
    return value or False if plain is bool else "" if value is None else value


def _strays(posted: Mapping[str, list[Any]], shown: Mapping[str, Any]) -> dict[str, Any]:
    return {key: raw[-1] for key, raw in posted.items() if key not in shown and raw and isinstance(raw[-1], str)}


class _Bad(Exception):
    def __init__(self, message: str, **params: Any) -> None:
        self.message, self.params = message, params
        super().__init__(message)


def _unwrap(hint: Any) -> tuple[Any, list[msgspec.Meta], bool]:
    """The plain type of a hint, its constraints, and whether ``None`` will do."""
    metas: list[msgspec.Meta] = []
    optional = False
    while True:
        if get_origin(hint) is Annotated:
            hint, *extra = get_args(hint)
            metas += [meta for meta in extra if isinstance(meta, msgspec.Meta)]
        elif get_origin(hint) in (Union, types.UnionType) and type(None) in get_args(hint):
            optional = True
            hint = Union[tuple(part for part in get_args(hint) if part is not type(None))]  # noqa: UP007
        else:
            return hint, metas, optional


def pattern(regex: str, sentence: str) -> msgspec.Meta:
    """The constraint of a text that must look like this, with the sentence that says how (marked with ``N_``)."""
    return msgspec.Meta(pattern=regex, extra={"sentence": sentence})


def _number(text: str) -> int:
    """A whole number, perhaps with dots, commas or blanks between its thousands; ``MOST`` stands for more."""
    cleaned = re.sub(r"[\s\u00a0]", "", text)
    if not re.fullmatch(r"[+-]?(\d+|\d{1,3}([.,])\d{3}(\2\d{3})*)", cleaned):
        raise _Bad(NOT_WHOLE)
    digits = re.sub(r"[.,+-]", "", cleaned).lstrip("0")[:17] or "0"
    size = min(int(digits), MOST)
    return -size if cleaned.startswith("-") else size


def _float(text: str) -> float:
    """A number with at most one dot or comma, which stands for its decimals."""
    if not re.fullmatch(r"[+-]?\d{1,15}([.,]\d{1,15})?", text):
        raise _Bad(NOT_A_NUMBER)
    return float(text.replace(",", "."))


def parse_date(text: str) -> date:
    """A date as ISO or as people write it (``21/11/2026``). Raises ValueError."""
    for pattern in ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    raise ValueError(text)


def parse_datetime(text: str, tz: str) -> datetime:
    """A date with a time in a zone, as ISO or as people write it; aware, in UTC. Raises ValueError."""
    for pattern in ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M"):
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=ZoneInfo(tz)).astimezone(UTC)
        except (ValueError, OverflowError):  # the year 1 or 9999 in another zone
            continue
    raise ValueError(text)


def _is_as_typed(metas: list[msgspec.Meta]) -> bool:
    return any(meta.extra is not None and meta.extra.get("as_typed") for meta in metas)


def _as_typed_in(raw: list[Any]) -> str:
    return raw[-1] if raw and isinstance(raw[-1], str) else ""


def _convert(raw: list[Any], hint: Any, tz: str) -> Any:
    if get_origin(hint) is list:
        (inner,) = get_args(hint)
        plain, metas, _optional = _unwrap(inner)
        items = [_convert([item], plain, tz) for item in raw]
        kept = [item for item in items if item not in (None, "")]
        for item in kept:
            _check_meta(item, metas)
        return kept
    if not raw:
        return None
    value = raw[-1]
    if hint is UploadFile or isinstance(value, UploadFile):
        if not isinstance(value, UploadFile) or hint is not UploadFile or not value.filename:
            return None
        return value
    text = clean_lines(str(value)) if hint is str else clean_text(str(value))
    if hint is str:
        return text
    if hint is bool:
        return text.casefold() in ("on", "true", "1", "yes")
    if text == "":
        return None
    converter = _CONVERTERS.get(hint)
    if converter:
        return converter(text)
    if hint is datetime:
        try:
            return parse_datetime(text, tz)
        except ValueError as error:
            raise _Bad(NOT_A_TIME) from error
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        try:
            return hint(text)
        except ValueError as error:
            raise _Bad(NOT_A_CHOICE) from error
    try:
        return msgspec.convert(text, hint, strict=False)
    except msgspec.ValidationError as error:
        raise _Bad(NOT_LIKE_THAT) from error


def _date(text: str) -> date:
    try:
        return parse_date(text)
    except ValueError as error:
        raise _Bad(NOT_A_DATE) from error


_CONVERTERS: dict[Any, Callable[[str], Any]] = {int: _number, float: _float, date: _date}


def _check_meta(value: Any, metas: list[msgspec.Meta]) -> None:
    for meta in metas:
        if isinstance(value, str | list):
            if meta.max_length is not None and len(value) > meta.max_length:
                raise _Bad(TOO_LONG, limit=meta.max_length)
            if meta.min_length is not None and len(value) < meta.min_length:
                raise _Bad(TOO_SHORT, limit=meta.min_length)
        if isinstance(value, int | float) and not isinstance(value, bool):
            _check_size(value, meta)
        if meta.pattern is not None and isinstance(value, str) and not re.search(meta.pattern, value):
            raise _Bad((meta.extra or {}).get("sentence", NOT_LIKE_THAT))
    if isinstance(value, int) and not -MOST < value < MOST:  # where the field has no limits of its own
        raise _Bad(TOO_LARGE, limit=MOST - 1) if value > 0 else _Bad(TOO_SMALL, limit=1 - MOST)


def _check_size(value: int | float, meta: msgspec.Meta) -> None:
    if meta.ge is not None and value < meta.ge:
        raise _Bad(TOO_SMALL, limit=meta.ge)
    if meta.le is not None and value > meta.le:
        raise _Bad(TOO_LARGE, limit=meta.le)
    if meta.gt is not None and value <= meta.gt:
        raise _Bad(NOT_MORE, limit=meta.gt)
    if meta.lt is not None and value >= meta.lt:
        raise _Bad(NOT_LESS, limit=meta.lt)
    if meta.multiple_of is not None and value % meta.multiple_of:
        raise _Bad(NOT_LIKE_THAT)
