"""The organiser's pages where badges and passes are made to be printed."""

import io
import re
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from app.accounts.enums import Role
from app.events.enums import PassKind, PrintState
from app.events.passes import printing, prints
from app.events.passes.printing import make_file
from app.events.passes.services import issue_pass
from app.events.queries import EditionInfo
from app.events.tables import PrintRun
from app.kernel.jobs import JobContext, get_job
from app.kernel.tables import Job
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.client import Browser, new_browser, sign_in
from tests.support.factories import make_holder, make_owner
from tests.support.pdf_codes import codes_of

pytestmark = [pytest.mark.engines, pytest.mark.usefixtures("frozen_now")]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of this test lie in a folder of its own."""
    monkeypatch.setattr(prints, "settings", lambda: SimpleNamespace(data_dir=tmp_path))


@pytest.fixture
async def organiser(client: Browser) -> Browser:
    """A browser in which an owner of every edition is signed in."""
    await sign_in(client, (await make_owner()).id)
    return client


async def issue(edition: EditionInfo, name: str, kind: PassKind = PassKind.GUEST, **more: Any) -> int:
    begin, end = edition.window
    made = await issue_pass(
        edition_id=edition.id, kind=kind, holder_name=name, valid_from=begin, valid_until=end, now=NOW, **more
    )
    return made.id


async def work(print_id: int) -> None:
    """Do the job of a run, as a worker does."""
    run = await PrintRun.objects().get(PrintRun.id == print_id)
    assert run is not None
    row = await get_job(run.job_id)
    assert row is not None
    await make_file(JobContext(row, "w"))
    await Job.update({Job.state: "done"}).where(Job.id == row["id"])


async def test_badges_are_chosen_made_downloaded_and_taken_back(organiser: Browser) -> None:
    edition = await make_edition()
    base = f"/manage/{edition.id}/passes/prints"
    assert "No valid pass fits" in (await organiser.get(f"{base}?lang=en")).text
    assert (await organiser.get(f"{base}/preview.png")).status_code == 409
    await issue(edition, "Lan", PassKind.JUDGE, organisation="Quỹ Khởi Nghiệp", label="Jury")
    await issue(edition, "Mai")
    choice = (
        "what=badges&paper=card&kind=judge&label=Jury&organisation=Qu%E1%BB%B9+Kh%E1%BB%9Fi+Nghi%E1%BB%87p&unprinted=on"
    )
    shown = (await organiser.get(f"{base}?{choice}&lang=en")).text
    assert "1 pass fits" in shown
    picture = re.search(r'src="([^"]+preview\.png[^"]*)"', shown)
    assert picture is not None
    drawn = await organiser.get(picture[1].replace("&amp;", "&"))
    assert Image.open(io.BytesIO(drawn.content)).width > Image.open(io.BytesIO(drawn.content)).height
    hidden = dict(
        re.findall(
            r'<input type="hidden" name="(\w+)" value="([^"]*)">', shown.split(f'method="post" action="{base}"')[1]
        )
    )
    hidden.pop("_csrf_token", None)
    made = await organiser.post(base, data=hidden)
    own = made.headers["location"]
    assert "Being made" in (await organiser.get(f"{own}?lang=en")).text
    assert (await organiser.get(f"{own}/file.pdf")).status_code == 409
    await work(int(own.rpartition("/")[2]))
    ready = (await organiser.get(f"{own}?lang=en")).text
    assert "The file is ready: 1 page." in ready
    file = await organiser.get(f"{own}/file.pdf")
    assert file.headers["content-type"].startswith("application/pdf")
    assert file.headers["cache-control"] == "private, no-store"
    assert "attachment" in file.headers["content-disposition"]
    assert len(codes_of(file.content)) == 1
    assert "No valid pass fits" in (await organiser.get(f"{base}?{choice}")).text
    assert "Ready" in (await organiser.get(base)).text
    assert (await organiser.post(f"{own}/drop")).status_code == 303
    assert (await organiser.post(f"{own}/drop")).status_code == 409
    assert (await organiser.get(f"{own}/file.pdf")).status_code == 409
    assert "1 pass fits" in (await organiser.get(f"{base}?{choice}")).text


async def test_one_badge_more_from_the_page_of_a_pass(organiser: Browser) -> None:
    edition = await make_edition()
    one = await issue(edition, "Lan", organisation="Báo Phụ nữ")
    await issue(edition, "Mai")
    own = f"/manage/{edition.id}/passes/{one}"
    before = (await organiser.get(f"{own}?lang=en")).text
    assert "No badge was made of this pass yet." in before
    assert "Báo Phụ nữ" in before
    made = await organiser.post(f"/manage/{edition.id}/passes/prints", data={"pass_id": one, "paper": "card"})
    await work(int(made.headers["location"].rpartition("/")[2]))
    after = (await organiser.get(f"{own}?lang=en")).text
    assert made.headers["location"] in after
    assert "86 × 54 mm, one to a page" in after
    again = re.search(r'href="([^"]+prints\?[^"]+)"', after)
    assert again is not None
    assert "1 pass fits" in (await organiser.get(again[1].replace("&amp;", "&") + "&lang=en")).text


async def test_making_is_stopped(organiser: Browser) -> None:
    edition = await make_edition()
    await issue(edition, "Lan")
    base = f"/manage/{edition.id}/passes/prints"
    own = (await organiser.post(base, data={"what": "passes"})).headers["location"]
    assert (await organiser.post(f"{own}/stop")).status_code == 303
    assert "It was stopped." in (await organiser.get(f"{own}?lang=en")).text
    assert (await PrintRun.select(PrintRun.state))[0]["state"] == PrintState.CANCELLED


async def test_what_cannot_be_made_is_said(organiser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    edition = await make_edition()
    base = f"/manage/{edition.id}/passes/prints"
    refused = await organiser.post(f"{base}?lang=en", data={"kind": "judge"})
    assert refused.status_code == 409
    assert "No valid pass fits this choice." in refused.text
    for odd in ("paper=a3", "kind=king", "pass_id=0", "locale=xx", "page=x", f"label={'x' * 300}"):
        assert (await organiser.get(f"{base}?{odd}")).status_code == 200, odd
    await issue(edition, "Lan")
    monkeypatch.setattr(printing, "MOST_IN_ONE_FILE", 0)
    assert (await organiser.post(base, data={})).status_code == 409


async def test_a_file_is_gone_after_its_days(organiser: Browser) -> None:
    edition = await make_edition()
    await issue(edition, "Lan")
    own = (await organiser.post(f"/manage/{edition.id}/passes/prints", data={})).headers["location"]
    await work(int(own.rpartition("/")[2]))
    await prints.tidy_files(now=NOW + timedelta(days=8))
    assert (await organiser.get(f"{own}/file.pdf")).status_code == 410
    assert "The file is not kept any more." in (await organiser.get(f"{own}?lang=en")).text


@pytest.mark.parametrize(("role", "may"), [(Role.GATE_LEAD, True), (Role.FINANCE, False), (Role.JUDGE, False)])
async def test_who_prints(client: Browser, role: Role, may: bool) -> None:
    edition, other = await make_edition(), await make_edition("khac-2026")
    await issue(edition, "Lan")
    await sign_in(client, (await make_holder(role, edition_id=edition.id)).id)
    base = f"/manage/{edition.id}/passes/prints"
    made = await client.post(base, data={})
    assert made.status_code == (303 if may else 403)
    assert (await client.get(f"{base}/preview.png")).status_code == (200 if may else 403)
    assert (await client.get(f"/manage/{other.id}/passes/prints")).status_code == 403
    assert (await new_browser().get(base)).status_code in (302, 303, 401)
