"""Names, phone numbers and mail addresses of people: cleaned on input, sorted as Vietnamese lists are."""

import re
import unicodedata
from functools import lru_cache

import phonenumbers

#: Order of Vietnamese letters and tones, as dictionaries have it (TCVN 6909; ngang, huyền, hỏi, ngã, sắc, nặng).
_ORDER = "0123456789aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_TONES = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}
_SHAPES = {("a", "\u0306"): "ă", ("a", "\u0302"): "â", ("e", "\u0302"): "ê", ("o", "\u0302"): "ô"}
_SHAPES |= {("o", "\u031b"): "ơ", ("u", "\u031b"): "ư"}
_MARKS = re.compile("[\u0300-\u036f]+")  # all that Latin letters carry


def clean_text(text: str) -> str:
    """NFC, control characters and lone surrogates dropped, runs of blanks made one."""
    composed = unicodedata.normalize("NFC", text)
    if composed.isprintable():  # which nearly every text is: nothing of those kinds is in it
        return " ".join(composed.split())
    kept = "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Cs") else " " for c in composed)
    return " ".join(kept.split())


clean_name = clean_text


def clean_lines(text: str) -> str:
    """A text of several lines, each cleaned as :func:`clean_text` does; blank lines stay but at its ends."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(clean_text(line) for line in lines).strip()


@lru_cache(maxsize=8_192)  # names are made of few words
def _word_key(word: str) -> tuple[str, str]:
    """Letters and tone of a word, as digits. A syllable has one tone, wherever it is written (hòa, hoà)."""
    letters, tone = [], "0"
    base = ""
    marks: list[str] = []

    def flush() -> None:
        nonlocal tone
        if not base:
            return
        letter = base
        for mark in marks:
            if (letter, mark) in _SHAPES:
                letter = _SHAPES[(letter, mark)]
            elif mark in _TONES and tone == "0":
                tone = _TONES[mark]
        position = _ORDER.find(letter)
        letters.append(f"{position + 1:02d}" if position >= 0 else f"99{ord(letter):08d}")

    for character in unicodedata.normalize("NFD", word.casefold()):
        if unicodedata.combining(character):
            marks.append(character)
        else:
            flush()
            base, marks = character, []
    flush()
    return "".join(letters), tone


def text_key(text: str) -> str:
    """Key of digits that sorts text as a Vietnamese dictionary would, word by word, alike on both engines.

    Each letter is two digits in the order of TCVN 6909, digits before letters, all else after them as ``99`` and its
    code point; ``00`` ends a word and ``0000`` the letters; then one tone for each word breaks ties. Keys of digits
    alone compare alike under every collation a PostgreSQL database may have been made with.
    """
    words = [_word_key(word) for word in clean_text(text).split()]
    return "00".join(letters for letters, _tone in words) + "0000" + "".join(tone for _letters, tone in words)


def sort_key(full_name: str) -> str:
    """Key for lists of people: by given name, which stands last, with its tones, then by the rest from its front."""
    words = clean_text(full_name).split()
    if not words:
        return ""
    return (text_key(words[-1]) + text_key(" ".join(words[:-1])))[:400]


def search_text(*parts: str | None) -> str:
    """Lower-case text without diacritics, for searching with or without them."""
    joined = clean_text(" ".join(part for part in parts if part)).casefold().replace("đ", "d")
    if joined.isascii():
        return joined
    decomposed = _MARKS.sub("", unicodedata.normalize("NFD", joined))
    if decomposed.isascii():
        return decomposed
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def shortened(text: str, limit: int) -> str:
    """A text of at most ``limit`` characters; one that was longer ends with "…"."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


@lru_cache(maxsize=8)
def _mobile_numbers(region: str) -> tuple[str, re.Pattern[str]]:
    """The country's prefix, and its mobile numbers after their zero: nearly all that sheets hold, and the library
    takes a tenth of a millisecond for each. They are its own; it reads whatever is written otherwise.
    """
    numbers = phonenumbers.PhoneMetadata.metadata_for_region(region)
    assert numbers is not None
    assert numbers.mobile is not None
    return f"+{numbers.country_code}", re.compile(f"0({numbers.mobile.national_number_pattern})", re.ASCII)


def normalise_phone(text: str, region: str = "VN") -> str:
    """A phone number in E.164 (``+84912345678``); a lost leading zero is given back.

    Raises ValueError when it is no possible number.
    """
    digits = re.sub(r"[.\-()/\s]", "", clean_text(text))
    if not re.fullmatch(r"\+?\d{6,17}", digits):  # letters would be read as the digits of a telephone's keys
        raise ValueError(text)
    prefix, mobile = _mobile_numbers(region)
    if found := mobile.fullmatch(digits):
        return prefix + found[1]
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException as error:
        raise ValueError(text) from error
    if not phonenumbers.is_valid_number(number):
        raise ValueError(text)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def region_of(currency: str) -> str:
    """The country where somebody pays in a currency: its phone numbers may be written without their prefix."""
    return "ID" if currency == "IDR" else "VN"


def contact_of(text: str, region: str = "VN") -> tuple[str | None, str | None]:
    """(phone number in E.164, mail address) of a text that is either. Raises ValueError when it is neither."""
    if "@" in text:
        return None, normalise_email(text)
    return normalise_phone(text, region), None


def searched(text: str) -> str:
    """What somebody looks for: a phone number in any usual form as digits that its stored form holds, else the text.

    The leading zero, or the country's prefix after 00, goes, so the number is found in whichever country it is.
    """
    typed = clean_text(text).replace("(0)", "")
    digits = re.sub(r"[.\-()/\s]", "", typed)
    significant = digits.lstrip("+0")
    least = 6 if digits.startswith(("0", "+")) else 9  # people look for the first half of a number, too
    return significant if re.fullmatch(r"\+?\d+", digits) and len(significant) >= least else text


def show_phone(e164: str, region: str = "VN") -> str:
    """A stored number as people of the country write it."""
    number = phonenumbers.parse(e164)
    home = phonenumbers.region_code_for_number(number) == region
    style = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)


def normalise_email(text: str) -> str:
    """A mail address in lower case and NFC.

    Raises ValueError when it has not the form of one.
    """
    address = clean_text(text).lower()
    if len(address) > 254 or not re.fullmatch(r"[^@\s<>\"',;]+@[^@\s.<>\"',;]+(\.[^@\s.<>\"',;]+)+", address):
        raise ValueError(text)
    return address
