"""The components as HTML: labels, errors, states; and what the policy against inline code forbids."""

import re
from typing import Any

import pytest

from app.kernel.forms import Form
from app.kernel.i18n import use_locale
from app.kernel.settings import settings
from app.kernel.web import environment, ui_messages
from tests.web.conftest import ROOT

TEMPLATES = sorted(
    path
    for parent in ("app", "booths", "ticketing")
    for path in (ROOT / parent).glob("*/templates/**/*.html")
    if "node_modules" not in path.parts
)


def draw(call: str, source: str = "web/components.html", **context: Any) -> str:
    """What one call of a macro renders, on one line."""
    name = call.split("(")[0]
    text = environment().from_string(f'{{% from "{source}" import {name} %}}{{{{ {call} }}}}').render(**context)
    return re.sub(r"\s+", " ", text).strip()


def test_a_field_ties_label_hint_and_error_to_its_input() -> None:
    form = Form({"phone": "09"}, {"phone": "Too short."})
    html = draw('field(form, "phone", "Phone", "tel", required=true, hint="Ten digits")', form=form)
    assert '<label class="field-label" for="field-phone">Phone</label>' in html
    assert 'type="tel" id="field-phone" name="phone" value="09" required' in html
    assert 'aria-describedby="field-phone-hint field-phone-error" aria-invalid="true"' in html
    assert "Too short." in html


def test_a_form_that_came_back_puts_its_reader_at_the_first_field_with_an_error() -> None:
    fields = (
        'field(form, "name", "Name")',
        'field(form, "phone", "Phone", "tel")',
        'field(form, "note", "Note", "textarea")',
    )

    def drawn(**errors: str) -> list[bool]:
        form = Form({}, errors)
        return [" autofocus" in draw(call, form=form) for call in fields]

    assert drawn() == [False, False, False]
    assert drawn(note="Too long.") == [False, False, True]
    assert drawn(note="Too long.", phone="Too short.") == [False, True, False]  # as the page has them, not the form


@pytest.mark.parametrize(
    "call",
    [
        'field(form, "a", "A", "select", options=["x"])',
        'field(form, "a", "A", "checkbox")',
        'field(form, "a", "A", "file")',
        'sheet_field(form, "a")',
    ],
)
def test_a_faulty_field_of_each_kind_has_the_focus(call: str) -> None:
    source = "web/data.html" if call.startswith("sheet") else "web/components.html"
    html = draw(call, source, form=Form({}, {"a": "No."}))
    assert re.search(r"<(input|select)[^>]* autofocus", html)


def test_of_choices_the_error_stands_above_them_and_has_the_focus() -> None:
    call = 'field(form, "a", "A", "radio", options=[("x", "X"), ("y", "Y")])'
    html = draw(call, form=Form({}, {"a": "Choose one."}))
    assert '<span class="field-error" id="field-a-error" tabindex="-1" autofocus>' in html
    assert html.index("Choose one.") < html.index('type="radio"')


def test_every_error_that_a_page_draws_itself_may_have_the_focus() -> None:
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        drawn = len(re.findall(r'class="field-error"', text))
        assert len(re.findall(r"leads_to\(|if led %}", text)) >= drawn, path.name


def test_what_people_typed_is_escaped() -> None:
    form = Form({"name": '"><script>alert(1)</script>'}, {"name": "<b>no</b>"})
    html = draw('field(form, "name", "Name")', form=form)
    assert "<script>" not in html
    assert "<b>" not in html


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ('field(none, "a", "A", "number")', 'inputmode="numeric"'),
        ('field(none, "a", "A", "datetime", required=true)', 'type="datetime-local"'),
        ('field(none, "a", "A", "textarea", rows=4)', '<textarea class="input" id="field-a" name="a" rows="4">'),
        ('field(form, "a", "A", "checkbox")', 'value="on" checked'),
        ('field(form, "b", "B", "select", options=["x", "y"])', '<option value="y" selected>y</option>'),
        ('field(form, "c", "C", "select", multiple=true, options=[(1, "One"), (2, "Two")])', 'value="2" checked'),
        ('field(form, "b", "B", "radio", options=[("y", "Yes", "hint")])', 'type="radio" name="b" value="y" checked'),
        ('field(form, "b", "B", "hidden")', '<input type="hidden" name="b" value="y">'),
        (
            'field(none, "f", "F", "file", accept="image/*", multiple=true)',
            'name="f" aria-labelledby="field-f-label" multiple accept="image/*"',
        ),
        ('field(form, "b", "B", "password")', 'type="password" id="field-b" name="b"'),
        ('button("Go", href="/x", kind="second")', '<a class="button button-second" href="/x"'),
        ('button("Go", name="do", value="now", data_confirm="Sure?")', 'name="do" value="now" data-confirm="Sure?"'),
        ('badge("Held", "wait")', 'class="badge tone-wait"'),
        ('progress("Loaded", 3, 0)', '<progress class="progress-bar" value="3" max="1"'),
    ],
)
def test_each_kind_renders(call: str, expected: str) -> None:
    assert expected in draw(call, form=Form({"a": "on", "b": "y", "c": ["2"]}))


@pytest.mark.parametrize(
    ("tone", "sign"), [("wait", "M12 6v6l4 2"), ("warn", "m21.73 18-8-14"), ("refused", "m21.73 18-8-14")]
)
def test_a_warning_has_another_sign_than_what_is_waited_for(tone: str, sign: str) -> None:
    html = draw(f'notice("{tone}", caller=joiner)')
    assert (f'class="notice tone-{tone}"' in html, sign in html) == (True, True)


def test_a_table_row_says_its_columns_on_a_phone() -> None:
    call = 'table([("name", "Name"), ("cells", "Cells", "number")], [{"name": "Hảo", "cells": 3}])'
    html = draw(call, "web/data.html")
    assert '<th scope="row">Hảo</th>' in html
    assert '<td data-label="Cells" class="number">3</td>' in html
    call = 'table([("row", "Row", "named"), ("why", "Why", "text")], [{"row": 3, "why": "It is empty."}])'
    html = draw(call, "web/data.html")
    assert '<th scope="row" data-label="Row">3</th>' in html
    assert '<td data-label="Why" class="cell-text">It is empty.</td>' in html


def test_charts_stand_empty_zero_and_broken_series() -> None:
    assert "chart-rows" in draw('bar_chart("Nothing", [])', "web/data.html")
    assert 'width="0.0%"' in draw('bar_chart("Zero", [("a", 0)])', "web/data.html")
    html = draw('line_chart("Gap", ["1", "2", "3"], [("x", [1, none, 2], "jade")])', "web/data.html")
    assert "M0.0 50.0M100.0 0.0" in html


@pytest.mark.parametrize(("peak", "scale", "height"), [(1, "210", "50.0"), (3, "420", "25.0"), (8, "840", "0.0")])
def test_the_scale_of_a_chart_counts_whole_steps_at_their_true_heights(peak: int, scale: str, height: str) -> None:
    html = draw('line_chart("Flow", ["1", "2"], [("x", [0, peak], "jade")])', "web/data.html", peak=peak)
    found = re.search(r'class="chart-scale"[^>]*>(.*?)</div>', html)
    assert found is not None
    assert re.sub(r"<[^>]+>", "", found[1]) == scale
    assert f"L100.0 {height}" in html


def test_the_messages_of_a_script_are_data_that_cannot_end_their_block(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"gate": ["Undo", "</script>", ["{n} scan", "{n} scans"]]}
    monkeypatch.setattr("app.kernel.web._script_messages", lambda: known)
    monkeypatch.setattr("app.kernel.i18n._", lambda text: text.upper())
    with use_locale("vi"):
        html = ui_messages("gate", "unknown")
    assert html.startswith('<script type="application/json" id="messages">')
    assert html.count("</") == 1
    assert '"Undo": "UNDO"' in html


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_template_holds_inline_code(path: Any) -> None:
    text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert re.findall(r"\sstyle=|\son\w+=[\"']|hx-on|javascript:|\bjs:|<style", text) == []
    assert [tag for tag in re.findall(r"<script[^>]*>", text) if "src=" not in tag] == []


#: What the page documents, and the mark of each: what no other component has.
COMPONENTS = {
    "button": r'<button class="button" type="submit"><span>',
    "field with error": r'<input class="input"[^>]* aria-invalid="true"[^>]*> <span class="field-error" id="[\w-]+">',
    "select": r'<select class="input" id="field-kind"',
    "sheet upload": r'<input type="file" id="field-sheet"',
    "preview grid": r'<div class="preview" .*?<td class="is-wrong">[^<]+<span class="preview-reason">',
    "table": r'<table class="table table-cards">.*?<td data-label="',
    "filters of a table": r'<form class="filters" method="get"',
    "card": r'<section class="card card-raised">',
    "tabs": r'<nav class="tabs" aria-label="[^"]+"><ul> <li><a href="[^"]+" aria-current="page">',
    "dialog": r'<dialog class="dialog" id="example" aria-labelledby="example-title">',
    "toast with undo": r'<div class="toast"><span class="toast-text">[^<]+</span><button [^>]*><span>Hoàn tác<',
    "badge of state: colour, icon and word": r'<span class="badge tone-wait"><svg [^>]*>.*?</svg>Giữ đến 18:00</span>',
    "progress": r'<progress class="progress-bar" value="214" max="320"',
    "empty state with the next step": r'<div class="empty">(?:(?!</div>).)*<button class="button button-second"',
    "chart, drawn by the server": r'<div class="chart-plot">.*?<svg viewBox="0 0 100 100".*?<path class="chart-line',
    "QR block": r'<figure class="qr"[^>]*> ?<svg .*?<span class="qr-code">K7M-2QX</span>',
    "map frame": r'<figure class="map">.*?<div class="map-view" tabindex="0" role="region"',
}


async def test_the_components_page_stands(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    demo = settings().model_copy(update={"demo": True})
    monkeypatch.setattr("app.kernel.showcase.settings", lambda: demo)
    answer = await client.get("/dev/components?lang=vi")
    assert answer.status_code == 200
    shown = re.sub(r"\s+", " ", answer.text)
    assert [name for name, mark in COMPONENTS.items() if not re.search(mark, shown)] == []
    monkeypatch.setattr("app.kernel.showcase.settings", lambda: demo.model_copy(update={"demo": False}))
    assert (await client.get("/dev/components")).status_code == 404
