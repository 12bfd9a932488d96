"""The decoder of forms: what browsers send, and what pages show again."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.datastructures import FormMultiDict, UploadFile
from msgspec import Meta

from app.kernel import forms
from app.kernel.forms import Form, FormError, decode_form, parse_date, parse_datetime
from app.kernel.i18n import use_locale


def upload(filename: str) -> UploadFile:
    """A posted file whose temporary file is closed at once: only its name matters here."""
    made = UploadFile(content_type="image/png", filename=filename, file_data=b"x")
    made.file.close()
    return made


class Kind(StrEnum):
    """For these tests."""

    CRAFT = "craft"
    FOOD = "food"


class Posted:
    """As much of a request as the decoder asks of it."""

    def __init__(self, values: dict[str, list[Any]]) -> None:
        self._values = values

    async def form(self) -> FormMultiDict:
        """What was posted."""
        return FormMultiDict([(key, value) for key, values in self._values.items() for value in values])


class Booth(msgspec.Struct, kw_only=True):
    """A form of every type."""

    name: Annotated[str, Meta(max_length=10)]
    cells: Annotated[int, Meta(ge=1, le=4)]
    note: str = ""
    watts: int | None = None
    power: bool = False
    kind: Kind = Kind.CRAFT
    zones: list[str] = []
    numbers: list[Annotated[int, Meta(ge=1)]] = []
    opens_on: date | None = None
    opens_at: datetime | None = None
    share: Annotated[float, Meta(gt=0, lt=1)] | None = None
    code: Annotated[str, Meta(pattern="^[A-Z]+$", min_length=2)] | None = None
    photo: UploadFile | None = None
    pairs: Annotated[int, Meta(multiple_of=2)] | None = None


def decode(tz: str = "UTC", **posted: Any) -> Booth:
    values = {"name": "A", "cells": "1", **posted}
    lists = {key: value if isinstance(value, list) else [value] for key, value in values.items() if value is not None}
    return decode_form(lists, Booth, tz=tz).settle()


def errors(**posted: Any) -> dict[str, str]:
    with use_locale("en"), pytest.raises(FormError) as caught:
        decode(**posted)
    return caught.value.form.errors


def test_an_almost_empty_form_takes_the_defaults() -> None:
    blank = dict.fromkeys(("note", "watts", "kind", "opens_on", "opens_at", "share", "code", "zones", "pairs"), "")
    assert decode(**blank) == decode() == Booth(name="A", cells=1)


def test_every_type_is_read() -> None:
    photo = upload("a.png")
    found = decode(
        name="  Gốm\u0309  sứ ",
        cells="2",
        note="dòng 1\r\ndòng 2 ",
        watts="1.500",
        power="on",
        kind="food",
        zones=["a", "", "b"],
        numbers=["1", "2"],
        opens_on="16/10/2026",
        opens_at="2026-10-16T08:30",
        share="0,5",
        code="AB",
        photo=photo,
        pairs="4",
        tz="Asia/Ho_Chi_Minh",
    )
    assert found == Booth(
        name="Gốm\u0309 sứ",
        cells=2,
        note="dòng 1\ndòng 2",
        watts=1_500,
        power=True,
        kind=Kind.FOOD,
        zones=["a", "b"],
        numbers=[1, 2],
        opens_on=date(2026, 10, 16),
        opens_at=datetime(2026, 10, 16, 1, 30, tzinfo=UTC),
        share=0.5,
        code="AB",
        photo=photo,
        pairs=4,
    )


def test_one_value_is_a_list_and_the_last_of_many_is_a_value() -> None:
    assert decode(zones="a").zones == ["a"]
    assert decode(cells=["1", "3"]).cells == 3


@pytest.mark.parametrize(("typed", "value"), [("on", True), ("true", True), ("1", True), ("", False), ("off", False)])
def test_checkboxes(typed: str, value: bool) -> None:
    assert decode(power=typed).power is value


@pytest.mark.parametrize(
    ("posted", "field", "sentence"),
    [
        ({"name": ""}, "name", forms.REQUIRED),
        ({"name": "  \u200b "}, "name", forms.REQUIRED),
        ({"name": None}, "name", forms.REQUIRED),
        ({"cells": ""}, "cells", forms.REQUIRED),
        ({"name": "x" * 11}, "name", "Please write at most 10 characters."),
        ({"cells": "0"}, "cells", "Please write 1 or more."),
        ({"cells": "5"}, "cells", "Please write 4 or less."),
        ({"numbers": ["1", "0"]}, "numbers", "Please write 1 or more."),
        ({"share": "0"}, "share", "Please write more than 0."),
        ({"share": "1"}, "share", "Please write less than 1."),
        ({"share": "nan"}, "share", forms.NOT_A_NUMBER),
        ({"kind": "gold"}, "kind", forms.NOT_A_CHOICE),
        ({"opens_on": "31/02/2026"}, "opens_on", forms.NOT_A_DATE),
        ({"opens_at": "tomorrow"}, "opens_at", forms.NOT_A_TIME),
        ({"opens_at": "0001-01-01T00:00", "tz": "Asia/Ho_Chi_Minh"}, "opens_at", forms.NOT_A_TIME),
        ({"code": "ab"}, "code", forms.NOT_LIKE_THAT),
        ({"code": "A"}, "code", "Please write at least 2 characters."),
        ({"pairs": "3"}, "pairs", forms.NOT_LIKE_THAT),
        ({"watts": "9" * 30}, "watts", f"Please write {2**53 - 1} or less."),
        ({"watts": "-" + "9" * 5000}, "watts", f"Please write {1 - 2**53} or more."),
        ({"cells": "1234567890123456789"}, "cells", "Please write 4 or less."),
        ({"cells": "-99999999999999999999"}, "cells", "Please write 1 or more."),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field(posted: dict[str, Any], field: str, sentence: str) -> None:
    assert errors(**posted) == {field: sentence}


@pytest.mark.parametrize(
    ("typed", "value"), [("12", 12), ("-3", -3), ("1.250.000", 1_250_000), ("1,250", 1_250), ("1 250", 1_250)]
)
def test_whole_numbers_with_separators(typed: str, value: int) -> None:
    assert decode(watts=typed).watts == value


@pytest.mark.parametrize("typed", ["1.5", "1,25", "0x10", "1_000", "1.234,567", "12345.678", "", "--1", "1e3", "٣x"])
def test_what_is_no_whole_number(typed: str) -> None:
    if typed == "":
        assert decode(watts=typed).watts is None
    else:
        assert errors(watts=typed) == {"watts": forms.NOT_WHOLE}


def test_all_errors_are_shown_with_what_was_typed() -> None:
    photo = upload("a.png")
    posted = {"name": [""], "cells": ["nine"], "zones": ["a", "b"], "photo": [photo], "step": ["2"]}
    with use_locale("en"), pytest.raises(FormError) as caught:
        decode_form(posted, Booth).settle()
    form = caught.value.form
    assert form.errors == {"name": forms.REQUIRED, "cells": forms.NOT_WHOLE}
    assert caught.value.fields == form.errors
    assert (form.value("cells"), form.value("zones"), form.value("step")) == ("nine", ["a", "b"], "2")
    assert (form.value("photo"), form.value("nothing"), form.error("zones")) == ("", "", "")


async def test_what_its_reader_refuses_is_told_with_what_did_not_decode() -> None:
    posted: dict[str, Any] = {"name": [""], "cells": ["many"], "note": ["x"], "numbers": ["0"], "kind": ["art"]}
    request: Any = Posted(posted)
    reading = await forms.open_form(request, Booth)
    stand_ins = reading.values
    assert (stand_ins.name, stand_ins.cells, stand_ins.numbers, stand_ins.kind) == ("", None, [], Kind.CRAFT)
    reading.refuse("note", "Not this.")
    reading.refuse("name", "Not said, since it is missing already.")
    with use_locale("en"), pytest.raises(FormError) as caught:
        reading.settle()
    assert list(caught.value.fields) == ["name", "cells", "kind", "numbers", "note"]
    assert (caught.value.form.error("name"), caught.value.form.error("note")) == ("Please fill this in.", "Not this.")
    assert caught.value.form.value("cells") == "many"


def test_an_upload_without_a_file_is_none() -> None:
    assert decode(photo=upload("")).photo is None
    assert decode(photo="text").photo is None


def test_a_blank_form_shows_its_initial_values_as_they_are_typed() -> None:
    at = datetime(2026, 10, 16, 8, 30, tzinfo=timezone(timedelta(hours=7)))
    form = Form.empty(kind=Kind.FOOD, on=date(2026, 10, 16), at=at, none=None, zones=[Kind.CRAFT], count=3)
    assert form.values == {
        "kind": "food",
        "on": "2026-10-16",
        "at": "2026-10-16T08:30",
        "none": "",
        "zones": ["craft"],
        "count": 3,
    }
    assert bool(Form())


@pytest.mark.parametrize("text", ["2026-10-16", "16/10/2026", "16-10-2026", "16.10.2026"])
def test_dates_as_people_write_them(text: str) -> None:
    assert parse_date(text) == date(2026, 10, 16)
    assert parse_datetime(f"{parse_date(text):%d/%m/%Y} 08:30", "Asia/Jakarta") == datetime(
        2026, 10, 16, 1, 30, tzinfo=UTC
    )


@given(
    st.dictionaries(st.sampled_from([*Booth.__struct_fields__, "stray"]), st.lists(st.text(max_size=30), max_size=3))
)
def test_nothing_that_is_posted_breaks_the_decoder(posted: dict[str, Any]) -> None:
    with suppress(FormError):
        assert decode_form(posted, Booth, tz="Asia/Ho_Chi_Minh").settle().name
