"""The camera of a gate phone: which one, how near, the light; taken away and given back, refused and allowed."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.support.camera import picture_of
from tests.journeys.support.people import People
from tests.journeys.support.watch import assert_accessible
from tests.journeys.test_gate import ADMITTED, may_be_alone, read_by_hand

pytestmark = [pytest.mark.shared, pytest.mark.once]

MENU = picture_of("https://example.org/menu")
NO_PASS = "#verdict.verdict-look:not([hidden])"
LIVE = "() => document.querySelector('#camera').srcObject?.getVideoTracks()[0].readyState === 'live'"
#: A camera with a light, that can bring things nearer; what is asked of it stands in ``asked``.
ABLE = """
window.asked = [];
MediaStreamTrack.prototype.getCapabilities = () => ({ torch: true, zoom: { min: 1, max: 5 } });
MediaStreamTrack.prototype.applyConstraints = ({ advanced: [one] }) => {
  asked.push(one);
  return Promise.resolve();
};
"""
#: A browser in which the camera is not allowed while ``refused`` is true.
REFUSING = """
window.refused = true;
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = (what) =>
  window.refused ? Promise.reject(new DOMException("no", "NotAllowedError")) : ask(what);
"""
#: Watches the lock of the screen and the sound.
WATCHED = """
window.locks = 0;
Object.defineProperty(navigator, "wakeLock", {
  value: { request: () => Promise.resolve({ release: () => Promise.resolve(), number: ++window.locks }) },
});
navigator.vibrate = (how) => Boolean((window.shaken = how));
window.AudioContext = class extends AudioContext {
  constructor() {
    super();
    window.sound = this;
  }
};
"""


def phone(people: People, *, script: str = "", cameras: int = 1, locale: str = "vi", device: str = "phone") -> Page:
    """Bind a phone whose camera, where it has one alone, sees what is no pass; run a script in each of its pages."""
    page = people.page(codes=[MENU] if cameras == 1 else [], cameras=cameras, locale=locale, device=device)
    page.add_init_script(script)
    page.goto(people.ask("gate"))
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/gate/**")
    return page


def put_away(page: Page, hidden: bool) -> None:
    """Put the app into the background, or bring it back."""
    page.evaluate(
        "(hidden) => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true }); "
        "document.dispatchEvent(new Event('visibilitychange')); }",
        hidden,
    )


def test_cameras_are_chosen_by_name_and_remembered(people: People) -> None:
    gate = phone(people, cameras=2)
    chosen = gate.locator("#cameras")
    expect(chosen.locator("option")).to_have_count(2)
    names = chosen.locator("option").all_inner_texts()
    assert len(set(names)) == 2
    assert "" not in names
    gate.wait_for_function(LIVE)
    present = "document.querySelector('#camera').srcObject.getVideoTracks()[0].label"
    first = gate.evaluate(present)
    other = next(name for name in names if name != first)
    chosen.select_option(label=other)
    gate.wait_for_function(f"(other) => document.querySelector('#camera').srcObject && {present} === other", arg=other)
    assert_accessible(gate)
    gate.reload()
    gate.wait_for_function(f"(other) => document.querySelector('#camera').srcObject && {present} === other", arg=other)
    expect(gate.locator("#cameras option:checked")).to_have_text(other)


def test_one_camera_is_no_choice(people: People) -> None:
    gate = phone(people)
    gate.wait_for_function(LIVE)
    expect(gate.locator("#cameras option")).to_have_count(1)
    expect(gate.locator("#camera-choice")).to_be_hidden()
    expect(gate.locator("#zoom")).to_be_hidden()
    expect(gate.locator("#torch")).to_be_hidden()


@pytest.mark.parametrize("device", ["phone", "tablet"])
def test_things_are_brought_nearer_and_lit_and_stay_so(people: People, device: str) -> None:
    gate = phone(people, script=ABLE, cameras=2, device=device)
    nearer, farther, torch = gate.locator("#nearer"), gate.locator("#farther"), gate.locator("#torch")
    expect(farther).to_be_disabled()
    nearer.click()
    nearer.click()
    expect(farther).to_be_enabled()
    farther.click()
    torch.click()
    expect(torch).to_have_attribute("aria-pressed", "true")
    assert gate.evaluate("asked") == [{"zoom": 1.5}, {"zoom": 2}, {"zoom": 1.5}, {"torch": True}]
    for _ in range(8):
        if nearer.is_enabled():
            nearer.click()
    expect(nearer).to_be_disabled()
    for tool in (nearer, farther, torch, gate.locator("#camera-choice"), gate.locator("#last")):
        box = tool.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 64
    assert_accessible(gate)
    gate.evaluate("asked.length = 0")
    put_away(gate, hidden=True)
    put_away(gate, hidden=False)
    gate.wait_for_function("() => asked.length === 2")
    assert gate.evaluate("asked") == [{"torch": True}, {"zoom": 5}]


def test_a_camera_that_was_taken_away_comes_back_by_itself(people: People) -> None:
    gate = phone(people, script=REFUSING.replace("= true", "= false").replace("NotAllowedError", "NotReadableError"))
    expect(gate.locator(NO_PASS)).to_be_visible(timeout=15_000)
    gate.evaluate(
        "() => { window.refused = true; const [track] = document.querySelector('#camera').srcObject.getVideoTracks(); "
        "track.stop(); track.dispatchEvent(new Event('ended')); }"
    )
    expect(gate.locator("#problem")).to_contain_text("Ứng dụng khác")
    expect(gate.locator("#retry")).to_be_hidden()
    gate.evaluate("window.refused = false")  # the call is over
    gate.wait_for_function(LIVE)
    expect(gate.locator("#problem")).to_be_hidden()
    gate.evaluate(
        "() => { const verdict = document.querySelector('#verdict'); "
        "new MutationObserver(() => { window.shown ||= !verdict.hidden; })"
        ".observe(verdict, { attributes: true, attributeFilter: ['hidden'] }); }"
    )
    gate.wait_for_function("() => window.shown", timeout=20_000)  # and reads again


@pytest.mark.parametrize(
    ("locale", "sentence"),
    [
        ("vi", "Máy ảnh chưa được phép"),
        ("en", "The camera is not allowed here. Allow it in the browser's settings for this site, or type the code."),
        ("id", "Kamera tidak diizinkan"),
    ],
)
def test_who_is_refused_the_camera_is_told_what_to_do_and_tries_again(
    people: People, locale: str, sentence: str
) -> None:
    gate = phone(people, script=REFUSING, locale=locale)
    expect(gate.locator("#problem")).to_contain_text(sentence)
    retry = gate.locator("#retry")
    expect(retry).to_be_visible()
    assert_accessible(gate)
    retry.click()
    expect(gate.locator("#problem")).to_be_visible()
    gate.evaluate("window.refused = false")
    retry.click()
    gate.wait_for_function(LIVE)
    expect(gate.locator("#problem")).to_be_hidden()


def test_an_app_that_was_put_away_scans_sounds_and_stays_awake_again(people: People) -> None:
    (code,) = people.passes(1)
    gate = phone(people, script=WATCHED)
    may_be_alone(gate)
    gate.wait_for_function(LIVE)
    gate.locator("#inside").click()  # the first touch, after which it may sound
    gate.wait_for_function("() => window.sound?.state === 'running'")
    assert gate.evaluate("locks") == 1
    with gate.expect_response("**/api/v1/gate/status"):  # what it knows may be old: it asks at once
        put_away(gate, hidden=True)
        gate.wait_for_function("() => document.querySelector('#camera').srcObject === null")
        gate.evaluate("sound.suspend()")  # as a phone does that is called
        put_away(gate, hidden=False)
    gate.wait_for_function(LIVE)
    gate.wait_for_function("() => window.sound.state === 'running'")
    assert gate.evaluate("locks") == 2
    expect(gate.locator("#verdict")).to_be_hidden()
    read_by_hand(gate, code)
    expect(gate.locator(ADMITTED)).to_be_visible()
    assert gate.evaluate("shaken") == [60]
