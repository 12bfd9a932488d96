"""The page on which days of the books are closed."""

from datetime import datetime, timedelta

import pytest

from app.kernel.database import fetch
from app.payments.queries_books import closed_days
from tests.events.factories import make_edition
from tests.payments.factories import Seller, make_document, make_entry
from tests.support.client import Browser, sign_in
from tests.support.factories import make_owner

pytestmark = pytest.mark.engines


async def test_a_day_is_looked_at_and_closed(client: Browser, seller: Seller, frozen_now: datetime) -> None:
    await sign_in(client, (await make_owner()).id)
    edition = await make_edition()
    base = f"/manage/{edition.id}/payments"
    path = f"{base}/days"
    assert "Nothing is entered" in (await client.get(f"{path}?lang=en")).text
    document = await make_document(edition)
    await client.post(f"{base}/drawers", data={"amount": "100.000"})
    await client.post(f"{base}/{document.id}/payments", data={"method": "cash", "amount": "20.000"})
    await make_entry("khong ro", edition=edition)
    aside = await make_entry("cua ai", edition=edition)
    await make_entry("cua ai khac")
    await fetch("UPDATE bank_entry SET state = 'left'")
    await fetch("UPDATE bank_entry SET books = edition")
    await fetch("UPDATE bank_entry SET state = 'ignored' WHERE id = {}", aside.id)
    today = edition.today(frozen_now)
    close = "Close the books of 16 Oct 2026"
    shown = (await client.get(f"{path}?day={today}&lang=en")).text
    for words in (
        "20.000\xa0₫",
        "Drawers are still open",
        "2 transfers stand in the books",
        "1 transfer is in no event",
    ):
        assert words in shown
    assert close not in shown
    assert (await client.post(path, data={"day": f"{today}"})).status_code == 409
    (drawer,) = await fetch("SELECT id FROM cash_drawer")
    await client.post(f"{base}/drawers/{drawer['id']}/close", data={"amount": "120.000"})
    assert close in (await client.get(f"{path}?day={today}&lang=en")).text
    assert (await client.post(path, data={"day": f"{today + timedelta(days=1)}"})).status_code == 422
    assert (await client.post(path, data={"day": "never"})).status_code == 422
    for _twice in range(2):
        done = await client.post(path, data={"day": f"{today}"})
        assert (done.status_code, done.headers["location"]) == (303, f"{path}?day={today}")
    assert [one.day for one in await closed_days(edition.id)] == [today]
    await client.post(
        f"{base}/{document.id}/payments", data={"method": "terminal", "amount": "30.000", "note": "000123"}
    )
    shown = (await client.get(f"{path}?day={today}&lang=en")).text
    assert ("30.000\xa0₫" in shown, close in shown, "closed it on" in shown) == (True, False, True)
    assert "What was left when it was closed: 2 transfers to be assigned." in " ".join(shown.split())
    assert ("stand in the books" in shown, "in no event" in shown) == (False, False)
    tomorrow = (await client.get(f"{path}?day={today + timedelta(days=1)}&lang=en")).text
    assert ("Card terminal" in tomorrow, "Close the books of" in tomorrow) == (True, False)
    for never in ("9999-12-31", "0001-01-01", "31.12.2026", ""):  # the last of all days, after which there is none
        assert (await client.get(f"{path}?day={never}")).status_code == 200
    for locale in ("vi", "id"):
        assert (await client.get(f"{path}?day={today}&lang={locale}")).status_code == 200
