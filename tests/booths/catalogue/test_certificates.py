"""Certificates as people write them."""

import pytest

from booths.catalogue.certificates import parse_certificates, show_certificates


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("", []),
        ("OCOP 4 sao 2024; VietGAP", [("OCOP 4 sao", 2024), ("VietGAP", None)]),
        ("OCOP 5 sao (2023)\nISO 22000", [("OCOP 5 sao", 2023), ("ISO 22000", None)]),
        ("2024", [("2024", None)]),
        ("VietGAP;;VietGAP; ", [("VietGAP", None)]),
    ],
)
def test_certificates_are_read(written: str, found: list[tuple[str, int | None]]) -> None:
    assert parse_certificates(written) == found


def test_what_is_shown_is_read_again() -> None:
    found = [("OCOP 4 sao", 2024), ("VietGAP", None)]
    assert parse_certificates(show_certificates(found)) == found


@pytest.mark.parametrize("written", ["x" * 121, ";".join(f"Chứng nhận {number}" for number in range(13))])
def test_too_many_or_too_long_ones_are_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_certificates(written)
