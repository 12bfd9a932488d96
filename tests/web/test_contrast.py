"""WCAG 2.2 contrast of the design tokens, light and dark."""

import re

import pytest

from tests.web.conftest import WEB

GROUNDS = ("paper", "card", "sunken")
TEXTS = ("ink", "muted", "lacquer", "jade", "clay", "indigo")
TONES = ("lacquer", "jade", "gold", "clay", "indigo")


def themes() -> dict[str, dict[str, str]]:
    """The colours of each theme; the system's dark and the chosen dark are two blocks."""
    text = (WEB / "static" / "css" / "tokens.css").read_text(encoding="utf-8")
    blocks = re.findall(r"(:root[^{]*)\{([^{}]*)\}", text)
    colours = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", body)) for _selector, body in blocks]
    light, system_dark, _light_again, chosen_dark = colours
    return {"light": light, "dark": {**light, **system_dark}, "chosen dark": {**light, **chosen_dark}}


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2, section 3)."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_the_formula_is_the_standards_own() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark", "chosen dark"])
def test_text_reads_on_its_ground(theme: str) -> None:
    colours = themes()[theme]
    pairs = [(text, ground) for text in TEXTS for ground in GROUNDS]
    pairs += [("gold", "paper"), ("gold", "card"), ("on-lacquer", "lacquer"), ("on-lacquer", "lacquer-deep")]
    pairs += [(tone, f"{tone}-soft") for tone in TONES] + [("ink", f"{tone}-soft") for tone in TONES]
    pairs += [("on-tone", "jade"), ("on-tone", "clay"), ("paper", "ink")]
    low = {f"{a} on {b}": round(contrast(colours[a], colours[b]), 2) for a, b in pairs}
    assert {pair: ratio for pair, ratio in low.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("theme", ["light", "dark", "chosen dark"])
def test_edges_of_fields_can_be_seen(theme: str) -> None:
    colours = themes()[theme]
    assert {ground for ground in GROUNDS if contrast(colours["edge"], colours[ground]) < 3} == set()


def test_both_dark_blocks_say_the_same() -> None:
    assert themes()["dark"] == themes()["chosen dark"]
