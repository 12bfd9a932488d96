"""Names, phone numbers and mail addresses of people: cleaned on input, sorted as Vietnamese lists are."""

import re
import unicodedata

import phonenumbers

#: Order of Vietnamese letters and tones, as dictionaries have it (TCVN 6909; ngang, huyền, hỏi, ngã, sắc, nặng).
_LETTERS = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_TONES = {"": "0", "\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}
_SHAPES = {("a", "\u0306"): "ă", ("a", "\u0302"): "â", ("e", "\u0302"): "ê", ("o", "\u0302"): "ô"}
_SHAPES |= {("o", "\u031b"): "ơ", ("u", "\u031b"): "ư"}


def clean_text(text: str) -> str:
    """NFC, control characters dropped, runs of blanks made one."""
    composed = unicodedata.normalize("NFC", text)
    kept = "".join(c if c >= " " and unicodedata.category(c) not in ("Cc", "Cf") else " " for c in composed)
    return " ".join(kept.split())


clean_name = clean_text


def _word_key(word: str) -> tuple[str, str]:
    """Letters first, tones second: two ASCII strings."""
    letters, tones = [], []
    base = ""
    marks: list[str] = []

    def flush() -> None:
        if not base:
            return
        letter, tone = base, "0"
        for mark in marks:
            if (letter, mark) in _SHAPES:
                letter = _SHAPES[(letter, mark)]
            elif mark in _TONES:
                tone = _TONES[mark]
        position = _LETTERS.find(letter)
        letters.append(chr(ord("A") + position) if position >= 0 else f"~{ord(letter):05x}")
        tones.append(tone)

    for character in unicodedata.normalize("NFD", word.casefold()):
        if unicodedata.combining(character):
            marks.append(character)
        else:
            flush()
            base, marks = character, []
    flush()
    return "".join(letters), "".join(tones)


def text_key(text: str) -> str:
    """ASCII key that sorts text as a Vietnamese dictionary would, word by word, alike on both engines.

    Letters of all words come first, then their tones break ties. Source: TCVN 6909 alphabet and tone order.
    Keys use characters in one ASCII order (digits, capitals, tilde), so byte order and PostgreSQL's "C" agree.
    """
    words = [_word_key(word) for word in clean_text(text).split()]
    return "!".join(letters for letters, _tones in words) + " " + "!".join(tones for _letters, tones in words)


def sort_key(full_name: str) -> str:
    """Key for lists of people: by given name, which stands last, then by the rest of the name from its front."""
    words = clean_text(full_name).split()
    if not words:
        return ""
    return text_key(" ".join([words[-1], *words[:-1]]))[:400]


def search_text(*parts: str | None) -> str:
    """Lower-case text without diacritics, for searching with or without them."""
    joined = clean_text(" ".join(part for part in parts if part)).casefold().replace("đ", "d")
    decomposed = unicodedata.normalize("NFD", joined)
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def normalise_phone(text: str, region: str = "VN") -> str:
    """A phone number in E.164 (``+84912345678``); a lost leading zero is given back.

    Raises ValueError when it is no possible number.
    """
    digits = re.sub(r"[\s.\-()]", "", text)
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException as error:
        raise ValueError(text) from error
    if not phonenumbers.is_valid_number(number):
        raise ValueError(text)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


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
    address = clean_text(text).casefold()
    if len(address) > 254 or not re.fullmatch(r"[^@\s<>\"',;]+@[^@\s.<>\"',;]+(\.[^@\s.<>\"',;]+)+", address):
        raise ValueError(text)
    return address
