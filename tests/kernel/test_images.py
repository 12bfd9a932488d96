import asyncio
import multiprocessing
import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import AsyncTestClient, create_async_test_client
from PIL import Image, ImageCms

from app.kernel import images
from app.kernel.errors import NotFound
from app.kernel.images import NotAPicture, PictureTooLarge, draw_placeholder, media_srcset, media_url, store_image
from app.kernel.placeholder_words import KNOWN
from app.kernel.settings import settings
from app.kernel.tables import MediaFile
from tests.kernel.sheet_samples import NOW

ORIENTATION, MAKE, GPS = 0x0112, 0x010F, 0x8825


def picture(size: tuple[int, int] = (80, 60), kind: str = "JPEG", mode: str = "RGB", **options: Any) -> bytes:
    """A picture whose left half is red."""
    made = Image.new(mode, size, "blue")
    made.paste(Image.new(mode, (size[0] // 2, size[1]), "red"))
    buffer = BytesIO()
    made.save(buffer, kind, **options)
    return buffer.getvalue()


def stored(digest: str) -> Image.Image:
    path = next((settings().data_dir / "media" / digest[:2]).glob(f"{digest}.*"))
    made = Image.open(path)
    made.load()
    return made


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_pictures_are_stored_by_hash_once(database: str, kind: str) -> None:
    data = picture(kind=kind)
    digest = await store_image(data, now=NOW)
    assert await store_image(data, now=NOW) == digest
    row = await MediaFile.select().first()
    assert row is not None
    assert (row["hash"], row["mime"], row["width"], row["height"]) == (digest, "image/jpeg", 80, 60)
    assert await MediaFile.count() == 1
    assert stored(digest).size == (80, 60)


async def test_what_the_camera_knew_is_gone_and_the_picture_stands_upright(database: str) -> None:
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKE] = 6, "Secret Camera of Mai"
    exif.get_ifd(GPS)[1] = "N"
    data = picture(exif=exif, comment=b"taken at home")
    assert b"Secret Camera" in data
    made = stored(await store_image(data, now=NOW))
    assert made.size == (60, 80)
    assert made.getpixel((30, 10))[0] > 200, "red was left and is now on top"
    assert not made.getexif()
    assert not {"exif", "comment", "icc_profile", "xmp"} & made.info.keys()


async def test_a_hidden_payload_does_not_survive(database: str) -> None:
    digest = await store_image(picture() + b"<script>alert(1)</script>", now=NOW)
    path = next((settings().data_dir / "media" / digest[:2]).glob(f"{digest}.*"))
    assert b"<script>" not in path.read_bytes()


async def test_transparency_stays_where_there_is_any(database: str) -> None:
    made = Image.new("RGBA", (20, 20), (255, 0, 0, 0))
    buffer = BytesIO()
    made.save(buffer, "PNG")
    assert stored(await store_image(buffer.getvalue(), now=NOW)).mode == "RGBA"
    opaque = picture(kind="PNG", mode="RGBA")
    assert stored(await store_image(opaque, now=NOW)).format == "JPEG"


async def test_colour_profiles_are_applied(database: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert "icc_profile" not in stored(await store_image(picture(icc_profile=profile), now=NOW)).info
    assert stored(await store_image(picture(icc_profile=b"broken"), now=NOW)).size == (80, 60)


@pytest.mark.parametrize("mode", ["L", "CMYK", "P", "1", "LA"])
async def test_other_colour_modes(database: str, mode: str) -> None:
    made = Image.new("RGB", (30, 20), "red").convert("L" if mode == "LA" else mode)
    buffer = BytesIO()
    (made.convert("LA") if mode == "LA" else made).save(buffer, "JPEG" if mode in ("L", "CMYK") else "PNG")
    assert stored(await store_image(buffer.getvalue(), now=NOW)).size == (30, 20)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        picture(kind="GIF"),
        picture(kind="TIFF"),
        picture(kind="BMP"),
        picture()[:-200],
        picture(kind="PNG")[:60],
        picture(kind="WEBP")[:40],
    ],
)
async def test_no_picture(database: str, data: bytes) -> None:
    with pytest.raises(NotAPicture):
        await store_image(data, now=NOW)
    assert await MediaFile.count() == 0


async def test_too_many_bytes(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_BYTES", 100)
    with pytest.raises(PictureTooLarge):
        await store_image(picture(), now=NOW)


def png_that_claims(width: int, height: int) -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\x00" * 99))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(4_097, 3_072), (12_000, 9_000), (60_000, 60_000)])
async def test_bombs_are_refused_before_they_are_decoded(database: str, size: tuple[int, int]) -> None:
    with pytest.raises(PictureTooLarge):
        await store_image(png_that_claims(*size), now=NOW)


async def test_a_phone_photo_fits_and_is_stored_smaller(database: str) -> None:
    digest = await store_image(picture((4_096, 3_072)), now=NOW)
    assert stored(digest).size == (2_560, 1_920)


@pytest.mark.parametrize("size", [(8_192, 6_144), (12_544, 5_000)])
async def test_a_photo_of_many_megapixels_is_decoded_in_part(
    database: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[int] = []
    in_srgb = images._in_srgb

    def noted(picture: Image.Image) -> Image.Image:
        decoded.append(picture.width * picture.height)
        return in_srgb(picture)

    monkeypatch.setattr(images, "_in_srgb", noted)
    digest = await store_image(picture(size), now=NOW)
    assert (stored(digest).width, decoded[0] <= images.MAX_DECODED * 1.01) == (2_560, True)


@pytest.mark.parametrize(("size", "options"), [((9_000, 8_000), {}), ((4_200, 3_072), {"progressive": True})])
async def test_a_jpeg_that_is_too_large_all_the_same(
    database: str, size: tuple[int, int], options: dict[str, Any]
) -> None:
    with pytest.raises(PictureTooLarge):
        await store_image(picture(size, **options), now=NOW)


def test_addresses() -> None:
    assert media_url("ab", 320) == "/media/ab-320.webp"
    assert media_url("ab", 200) == "/media/ab-320.webp"
    assert media_url("ab", 5_000) == "/media/ab-1280.webp"
    assert media_srcset("ab").split(", ")[0] == "/media/ab-160.webp 160w"


async def test_sizes_are_made_when_first_asked_for(database: str) -> None:
    digest = await store_image(picture((800, 600)), now=NOW)
    folder = settings().data_dir / "media" / digest[:2]
    assert len(list(folder.glob(f"{digest}*"))) == 1
    async with client() as web:
        answer = await web.get(media_url(digest, 320))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert Image.open(BytesIO(answer.content)).size == (320, 240)
    assert (folder / f"{digest}-320.webp").read_bytes() == answer.content
    large = await read(digest, 1_280)
    assert Image.open(BytesIO(large)).size == (800, 600), "never larger than it is"


async def test_many_ask_at_once_and_no_draft_is_left(database: str) -> None:
    digest = await store_image(picture((810, 600)), now=NOW)
    answers = await asyncio.gather(*(read(digest, 640) for _ in range(6)))
    assert len(set(answers)) == 1
    folder = settings().data_dir / "media" / digest[:2]
    assert sorted(path.name for path in folder.glob(f"*{digest}*")) == [f"{digest}-640.webp", f"{digest}.jpg"]


@pytest.mark.parametrize(
    "name", ["x", "../../secret.key", "%2e%2e%2fsecret.key", "a" * 64 + "-640.webp", "a" * 64 + "-641.webp", "a" * 64]
)
async def test_other_names_are_not_found(database: str, name: str) -> None:
    async with client() as web:
        assert (await web.get(f"/media/{name}")).status_code == 404


async def read(digest: str, width: int) -> bytes:
    """Return a size of a stored picture as its address gives it."""
    answer = await images.media_handler.fn(media_url(digest, width).removeprefix("/media/"))
    assert isinstance(answer.content, bytes)
    return answer.content


def client() -> AsyncTestClient[Any]:
    def not_found(_request: Any, _error: NotFound) -> Any:
        from litestar import Response

        return Response("", status_code=404)

    return create_async_test_client(images.media_handler, exception_handlers={NotFound: not_found})


def test_drawings_are_always_the_same_and_differ() -> None:
    first = draw_placeholder(1, "Khăn lụa Vạn Phúc", "Lụa")
    assert draw_placeholder(1, "Khăn lụa Vạn Phúc", "Lụa") == first
    assert draw_placeholder(2, "Khăn lụa Vạn Phúc", "Lụa") != first
    assert Image.open(BytesIO(first)).size == (640, 480)
    assert len(first) < 60_000


@pytest.mark.parametrize("word", [known[0] for known in KNOWN.values()])
def test_every_shape_can_be_drawn(word: str) -> None:
    drawn = Image.open(BytesIO(draw_placeholder(3, word, "", (320, 240))))
    assert len(drawn.getcolors(320 * 240) or []) > 500


def test_titles_choose_the_shape() -> None:
    import random

    from app.kernel.placeholders import shape_for

    chance = random.Random(0)
    assert shape_for("Trà sen Tây Hồ", "Gốm", chance).__name__ == "_tea"
    assert shape_for("Sản phẩm số 1", "Gốm Bát Tràng", chance).__name__ == "_bowl"
    assert shape_for("Vạn dặm xanh", "", chance).__name__.startswith("_")
    for title, category, drawn in (
        ("Phở cuốn bò xào", "Món Hà Nội", "_noodles"),
        ("Bánh cuốn nhân thịt mộc nhĩ", "Món Hà Nội", "_cakes"),
        ("Nước mắm nhỉ 38 độ đạm", "Gia vị", "_bottle"),
        ("Giày len sơ sinh", "Giấy dó", "_frame"),
        ("Tranh sơn mài Phố hoài niệm", "Sơn mài", "_frame"),
        ("Tất sợi cà phê khử mùi", "Thời trang", "_cloth"),
        ("Hoa hướng dương len một cành", "Thêu ren", "_cloth"),
        ("Gói phần mềm nhật ký đồng ruộng", "Nông nghiệp số", "_device"),
        ("Áo dài lụa thêu tay hoa cúc", "Áo dài", "_dress"),
        ("Nón quai thao", "Nón lá", "_hat"),
    ):
        assert shape_for(title, category, chance).__name__ == drawn


def test_drawing_imports_nothing_heavy_at_start() -> None:
    import subprocess
    import sys

    code = "import app.kernel.images, app.kernel.documents.qr, sys; sys.exit('PIL' in sys.modules)"
    root = Path(images.__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
async def test_a_forked_process_has_workers_of_its_own(database: str) -> None:
    digest = await store_image(picture(), now=NOW)
    forked = multiprocessing.get_context("fork").Process(target=lambda: asyncio.run(read(digest, 160)), daemon=True)
    forked.start()
    await asyncio.to_thread(forked.join, 20)
    try:
        assert forked.exitcode == 0
    finally:
        forked.kill()
