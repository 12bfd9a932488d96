"""Names, phone numbers and mail addresses of fictional people, none of them used twice."""

from random import Random

from app.demo.lines import lists
from app.kernel.names import search_text

PREFIXES = tuple(
    f"0{network}" for network in (*range(32, 40), 70, *range(76, 80), *range(81, 87), 88, 90, 91, 93, 94, 96, 97, 98)
)
DOMAINS = ("example.com", "example.com", "example.com", "example.org", "example.net")

Contact = tuple[str, str | None]
"""Phone in ten digits, and mail address if there is one."""


class Cast:
    """Hands out people; every draw comes from the one generator it was given."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self._phones: set[str] = set()
        self._emails: set[str] = set()
        self._names: set[str] = set()
        self._weighted = {key: _weighted(value) for key, value in lists("names").items() if ":" in value}
        self._plain = {key: _plain(value) for key, value in lists("names").items() if ":" not in value}
        self._rare = self._plain["minority"].copy()
        random.shuffle(self._rare)

    def woman(self) -> str:
        """A woman's name of the Kinh majority."""
        return self._kinh("f")

    def anybody(self) -> str:
        """A visitor's name: mostly women, some men, some of other peoples, a few mononyms."""
        draw = self.random.random()
        if draw < 0.005:
            return self.random.choice(self._plain["mononym"])
        if draw < 0.035 and self._rare:
            return self._rare.pop()
        return self._kinh("m") if draw > 0.8 else self.woman()

    def guest(self, language: str) -> str:
        """Somebody from Indonesia (``id``, some with one name) or elsewhere (``en``)."""
        first = self.random.choice(self._plain[f"{language}_first"])
        if language == "id" and self.random.random() < 0.15:
            return first
        return f"{first} {self.random.choice(self._plain[f'{language}_last'])}"

    def phone(self) -> str:
        """A mobile number of Vietnam, as ten digits, not given to anybody else."""
        while True:
            number = self.random.choice(PREFIXES) + f"{self.random.randrange(10**7):07d}"
            if number not in self._phones:
                self._phones.add(number)
                return number

    def indonesian_phone(self) -> str:
        """A mobile number of Indonesia in international form."""
        return (
            f"+62 81{self.random.choice('123')} {self.random.randrange(2000, 9999)} {self.random.randrange(10**4):04d}"
        )

    def landline(self) -> str:
        """A number of an office in Hanoi."""
        return f"024 3{self.random.randrange(200, 990)} {self.random.randrange(10**4):04d}"

    def written(self, phone: str) -> str | int:
        """A phone number as people write it, or as a spreadsheet that swallowed its zero has it."""
        grouped = f"{phone[:4]} {phone[4:7]} {phone[7:]}"
        forms: list[str | int] = [grouped, grouped, grouped, phone, phone, f"+84{phone[1:]}", int(phone)]
        forms += [grouped.replace(" ", "."), f"+84 {phone[1:3]} {phone[3:6]} {phone[6:]}"]
        return self.random.choice(forms)

    def email(self, name: str) -> str:
        """An address under a reserved domain, after the name."""
        words = "".join(c if c.isalnum() or c == " " else "" for c in search_text(name)).split()
        initials = "".join(word[0] for word in words[:-1])
        shapes = [f"{words[-1]}{initials}", f"{words[-1]}.{words[0]}", f"{''.join(words)}", f"{initials}{words[-1]}"]
        while True:
            number = self.random.choice(
                ["", "", str(self.random.randrange(60, 100)), str(self.random.randrange(1, 30))]
            )
            address = f"{self.random.choice(shapes)}{number}@{self.random.choice(DOMAINS)}"
            if address not in self._emails:
                self._emails.add(address)
                return address
            shapes.append(f"{''.join(words)}.{self.random.randrange(100, 1000)}")

    def _kinh(self, sex: str) -> str:
        """Family, middle and given name; the same full name comes seldom twice."""
        for _attempt in range(4):
            parts = [self._draw("family"), self._draw(f"middle_{sex}"), self._draw(f"given_{sex}")]
            name = " ".join(parts)
            if parts[2] not in parts[1].split() and name not in self._names:
                break
        self._names.add(name)
        return name

    def _draw(self, key: str) -> str:
        words, weights = self._weighted[key]
        return self.random.choices(words, weights)[0]


def _weighted(value: str) -> tuple[list[str], list[int]]:
    pairs = [part.split(":") for part in value.split()]
    return [word.replace("_", " ") for _weight, word in pairs], [int(weight) for weight, _word in pairs]


def _plain(value: str) -> list[str]:
    return [word.replace("_", " ") for word in value.split()]
