"""What is looked for begins a word of the text: “am tra” finds teapots, not every tea from Vietnam."""

import pytest

from app.kernel.names import search_text
from booths.catalogue.queries.searching import begins_words, words_of


@pytest.mark.parametrize(
    ("search", "text", "fits"),
    [
        ("am tra", "Ấm trà men lam", True),
        ("am tra", "Túi lam, trang trí; làm tranh", False),
        ("ấm TRÀ", "Bộ ấm (trà) men lam", True),
        ("tra", "Trang trí", True),
        ("a1", "Hợp tác xã Lụa A12, A1", True),
        ("2", "Gian A2", False),
        ("thu-công", "Đồ thủ công", True),
        ("", "Đồ thủ công", True),
    ],
)
def test_words_are_found_at_their_beginning(search: str, text: str, fits: bool) -> None:
    assert begins_words(words_of(search), search_text(text)) is fits
