"""The judge's tablet with the network up and down, on two tablets at once, and the chair's wall that follows."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.journeys.support.people import People
from tests.journeys.support.watch import assert_accessible, fits_its_frame

CONTEST = "/manage/{edition_id}/contest"
SAVED = ".jury-state .tone-done"
WAITING = ".jury-state .tone-wait"


def open_the_first_round(people: People) -> Page:
    """Let the chair open round 1 and give every idea its judges; returns her page on the wall."""
    chair = people.page(signed_in="jury_chair", at=CONTEST, device="desk")
    chair.locator("form[action$='/open'] button").first.click()
    chair.locator("dialog button[value=yes]").click()
    chair.wait_for_url("**/assign")
    chair.locator("form[action$='/propose'] button").click()
    expect(chair.locator(".matrix-cell.is-assigned").first).to_be_visible()
    assert fits_its_frame(chair)
    chair.locator("a[href$='/progress'].chip").click()
    return chair


def open_tablet(people: People, *, device: str = "tablet-landscape") -> Page:
    """Sign a judge in on a tablet and wait until the app has taken over from the plain list."""
    page = people.page(signed_in="judge", at="/judge/", device=device)
    page.locator(".jury-item").first.wait_for()
    return page


def score(page: Page, number: int) -> None:
    """Give every criterion of the idea on screen the same number."""
    expect(page.locator(".jury-criterion").first).to_be_visible()  # all() waits for nothing
    for field in page.locator(".jury-criterion").all():
        touch(field, number)


def touch(field: Locator, number: int) -> None:
    """Touch a number as a judge does: its label, once it stands still."""
    field.locator(".jury-score", has=field.page.locator(f"input[value='{number}']")).click()


def test_scores_are_kept_without_network_and_arrive_with_it(people: People) -> None:
    people.watch.allow("422 POST .*/recuse")
    chair = open_the_first_round(people)
    tablet = open_tablet(people)
    assert_accessible(tablet)
    tablet.wait_for_function(
        "navigator.serviceWorker.getRegistration('/judge/').then((one) => one?.active?.state === 'activated')"
    )
    tablet.locator(".jury-item").first.click()
    score(tablet, 4)
    tablet.fill("#comment_to_team", "Hãy thử ở hai xã trước.")
    expect(tablet.locator(SAVED)).to_be_visible()
    assert_accessible(tablet)
    expect(chair.locator(".figure-large")).to_contain_text("1 /")

    tablet.context.set_offline(True)
    tablet.reload()
    expect(tablet.locator(SAVED)).to_be_visible()
    assert tablet.input_value("#comment_to_team") == "Hãy thử ở hai xã trước."
    first_idea = tablet.locator(".jury-head h1").inner_text()
    tablet.locator(".jury-foot button").click()
    expect(tablet.locator(".jury-head h1")).not_to_have_text(first_idea)
    server = tablet.locator(".status-strip .number")
    everything = server.inner_text()
    touch(tablet.locator(".jury-criterion").first, 1)
    expect(server).not_to_have_text(everything)
    tablet.locator("a[href*='#step-back']").click()
    expect(tablet.locator("a[href*='#step-back'] ~ [role=status]")).not_to_be_empty()
    score(tablet, 2)
    expect(tablet.locator(WAITING)).to_be_visible()
    tablet.reload()
    expect(tablet.locator(WAITING)).to_be_visible()
    tablet.context.set_offline(False)
    expect(tablet.locator(SAVED)).to_be_visible()
    expect(chair.locator(".figure-large")).to_contain_text("2 /")
    tablet.locator("a[href*='#step-back']").click()
    tablet.locator("#step-back button").click()
    expect(tablet.locator("#step-back [name=reason][aria-invalid=true]")).to_be_in_viewport()


def test_a_score_is_called_saved_only_once_the_tablet_has_it_on_disk(people: People) -> None:
    open_the_first_round(people)
    tablet = open_tablet(people)
    tablet.locator(".jury-item").first.click()
    expect(tablet.locator(".jury-state")).to_have_text("Cần chấm")
    # A write that never ends holds the tablet's storage until it is let go.
    tablet.evaluate("""async () => {
        const kept = (await indexedDB.databases()).map((database) => database.name);
        const asked = indexedDB.open(kept.find((name) => name.startsWith("judge-drafts-")));
        await new Promise((done) => (asked.onsuccess = done));
        const store = asked.result.transaction("drafts", "readwrite").objectStore("drafts");
        const hold = () => (store.count().onsuccess = () => window.letGo || hold());
        hold();
    }""")
    touch(tablet.locator(".jury-criterion").first, 1)
    expect(tablet.locator(".jury-state")).to_have_text("Đang lưu")
    tablet.evaluate("window.letGo = true")
    expect(tablet.locator(".jury-state")).to_have_text("Đã lưu tại máy, chưa đủ")
    tablet.evaluate("""() => {
        IDBObjectStore.prototype.put = () => { throw new DOMException("full", "QuotaExceededError"); };
    }""")
    touch(tablet.locator(".jury-criterion").last, 1)
    expect(tablet.locator(".jury-state .tone-refused")).to_be_visible()


def test_the_strip_never_says_more_than_the_tablet_knows(people: People) -> None:
    """With the service away, though the browser has a network; and at no moment between two writes."""
    open_the_first_round(people)
    tablet = open_tablet(people)
    network, everything = tablet.locator(".status-strip span").all_inner_texts()
    tablet.locator(".jury-item").first.click()
    pane = tablet.locator(".jury-pane").last
    expect(pane).to_be_visible()
    tablet.context.route("**/api/v1/judge/**", lambda route: route.abort("connectionrefused"))
    tablet.evaluate("""() => {
        window.said = [];
        new MutationObserver(() => window.said.push(document.querySelector(".status-strip .number").textContent))
            .observe(document.querySelector(".status-strip"), {childList: true, subtree: true, characterData: true});
    }""")
    score(tablet, 4)
    expect(tablet.locator(WAITING)).to_be_visible()
    expect(tablet.locator(".status-strip span").first).not_to_have_text(network)
    assert everything not in tablet.evaluate("window.said")
    pane.evaluate("(one) => { one.scrollTop = 200; document.activeElement.blur(); }")
    read_to = pane.evaluate("(one) => one.scrollTop")
    tablet.context.unroute_all()
    expect(tablet.locator(SAVED)).to_be_visible()
    expect(tablet.locator(".status-strip span")).to_have_text([network, everything])
    with tablet.expect_response("**/api/v1/judge/bundle"):
        tablet.evaluate("dispatchEvent(new Event('online'))")
    expect(tablet.locator(SAVED)).to_be_visible()
    assert (read_to > 0, pane.evaluate("(one) => one.scrollTop")) == (True, read_to)


def test_two_tablets_of_one_judge_never_overwrite_each_other(people: People) -> None:
    chair = open_the_first_round(people)
    first, second = open_tablet(people), open_tablet(people, device="tablet")
    for tablet in (first, second):
        tablet.locator(".jury-item").first.click()
    score(first, 5)
    expect(first.locator(SAVED)).to_be_visible()
    score(second, 1)
    expect(second.locator(WAITING)).to_be_visible()
    chair.reload()
    aside = chair.locator("#asides form button").first
    aside.click()
    chair.locator("dialog button[value=yes]").click()
    expect(chair.locator("#asides .tone-done")).to_be_visible()


def test_the_plain_form_works_without_script(people: People) -> None:
    open_the_first_round(people)
    page = people.page(signed_in="judge", at="/judge/", device="phone", script=False)
    page.locator("#plain a").first.click()
    expect(page.locator(".jury-criterion").first).to_be_visible()  # all() waits for nothing
    for field in page.locator(".jury-criterion").all():
        field.locator("input[value='3']").check(force=True)
    page.locator("form button.button-large").first.click()
    page.wait_for_url("**/judge/")
    assert page.locator("#plain .tone-done").count() == 1
