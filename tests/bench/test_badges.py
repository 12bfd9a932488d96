"""What the figure of badges is made of."""

from app.events.enums import BadgePaper
from tests.bench import badges
from tests.events.factories import make_edition


async def test_each_badge_is_counted(database: str) -> None:
    await make_edition()
    await badges.make(7)
    made = await badges.print_all(BadgePaper.LABELS_64X38)
    assert made["pages"] == 1
    assert made["badges_per_second"] > 0
    assert made["processor_ms_each"] > 0
