"""Where the texts of lines come from: generated English, or a text file of the user's own.

Beside the glyph readers, before the lines are planned: glyphs say how a character looks, this
module says what is written. The content words come from the package wonderwords (MIT), the
grammar is our own.
"""

import importlib.resources
import math
import random
import re
import string
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path

from schema.alphabet import Alphabet
from schema.errors import InputError
from schema.splits import SPLITS, TRAIN

HELD_OUT_SHARE = 0.15
"""Share of the content words that no generated training sentence has."""

_FIRST_NAMES = (
    "Ada Anna Arthur Beatrice Clara Daniel Edith Emil Felix Frances George Greta Hannah Henry Ida "
    "Jacob Julia Karl Laura Leo Martha Max Nora Oscar Paul Quentin Rosa Ruth Samuel Sofia Thomas "
    "Ursula Victor Walter Xavier Yvonne Zoe"
)
_SURNAMES = (
    "Abbot Barnes Cole Dunn Ellis Fisher Grant Hayes Irving Jensen Kerr Lang Moore Nash Olsen "
    "Parker Quinn Reed Shaw Turner Upton Vance Webb York Zeller"
)
_PLACES = (
    "Aberdeen Bristol Chester Dover Exeter Florence Geneva Hamburg Ipswich Jersey Kent Lisbon "
    "Madrid Norwich Oxford Paris Quebec Rome Salem Turin Utrecht Vienna Warsaw York Zurich"
)
_MONTHS = "January February March April May June July August September October November December"

# Each name stands for one of its texts, drawn anew wherever the name occurs.
# Words stay as the list has them (no plural, no third person): an inflected form of a word that
# training may use could be a held-out word. So a verb stands after "will", "to" and the like, and
# other verbs are in the past tense, which agrees with every subject.
_GRAMMAR = {
    "sentence": (
        "{subject} {action}.",
        "{subject} {action} {when}.",
        "{subject} {action}, {link} {subject} {action}.",
        "{when} {subject} {action} {where}.",
        "{where} {subject} {action} {when}.",
        "{subject} {action} {where}; {subject} {action}.",
        "{subject} {action} ({aside}).",
        "{subject} {action} - {aside}.",
        "{aside}: {subject} {action} {when}.",
        "Did {subject} {verb} {object} {when}?",
        "Why must {subject} {verb} {where}?",
        "{command} {object} {when}!",
        '{person} {said} "{command} {object}".',
        "{first} & {first} {action} {when}.",
        "{first}'s {noun} cost {amount} {where}.",
        "{SHOUT} {number}: {command} {object}.",
        "{where} {number} {SHOUT}, {where} {number} {SHOUT}.",
    ),
    "subject": (
        *("the {noun}", "a {adjective} {noun}", "the {adjective} {noun}", "{person}", "{first}"),
        *("every {noun}", "this {noun}", "my {noun}", "their {adjective} {noun}", "no {noun}"),
        *("she", "he", "they", "we", "{first} and {first}", "{number} of them", "the {SHOUT}"),
    ),
    "object": (
        *("the {noun}", "a {adjective} {noun}", "that {noun}", "your {noun}", "{person}"),
        *("{number} or {number}", "page {number}", "the {noun} of {place}", "it", "the {SHOUT}"),
    ),
    "action": (
        *("will {verb} {object}", "could not {verb} {object}", "had to {verb}", "would {verb}"),
        *("went to {verb} {object}", "found {object} too {adjective}", "came with {object}"),
        *("paid {amount} for {object}", "saw {object} and {object}", "may {verb} {object}"),
        *("took {object} to {place}", "lost {number} of {number}", "should {verb} more"),
    ),
    "when": (
        *("on {date}", "in {year}", "at {clock}", "before {clock}", "since {year}", "again"),
        *("until {date}", "after {number} days", "from {year} to {year}", "every {month}"),
    ),
    "where": (
        *("in {place}", "near the {noun}", "at {number} {surname} Street", "under a {noun}"),
        *("between {place} and {place}", "in room {number}", "behind the {adjective} {noun}"),
    ),
    "aside": (
        *("no. {number}", "{amount} or less", "as {adjective} as a {noun}", "so says {person}"),
        *("most {adjective}", "{date}", "not the {noun}", "see page {number}"),
    ),
    "link": ("and", "but", "for", "so", "while", "because", "yet"),
    "command": ("{verb}", "do not {verb}", "please {verb}", "always {verb}"),
    "said": ("said:", "wrote:", "asked:", "told us:"),
    "person": ("{title} {surname}", "{first} {surname}"),
    "title": ("Mr", "Mrs", "Dr", "Miss"),
    "date": ("{day} {month} {year}", "{day} {month}"),
    "amount": ("{number} {unit}", "{day}.50 {unit}", "{day},{year} {unit}"),
    "unit": ("dollars", "pounds", "francs"),
    "phrase": (
        "{adjective} {noun} {verb} {noun}",
        "{adjective} {noun}",
        "{verb} {adjective} {noun}",
    ),
}

_NOT_BASE_FORMS = frozenset({"kept", "led", "understood", "preset"})  # among wonderwords' verbs
_LETTERS_ONLY = re.compile(r"[a-z]{3,}")
_PAST_TENSE = re.compile(r"..+[^e]ed")  # as in "acted", but not "need" or "shed"
_SENTENCE_END = re.compile(r"([.!?][\"')]*) (?=[\"'(]*[A-Z0-9])")
_DROPPABLE = frozenset(string.punctuation) - {"'", "&"}  # marks that a text can go without
_MOST_REPEATS = 1000  # drawings in a row that bring nothing new, before giving up


@dataclass(frozen=True)
class Words:
    """Content words to write sentences with, each tuple sorted.

    Args:
      nouns, adjectives, verbs: lower-case words; a word may be in several of them.
      held_out: those among them that no training sentence has.
    """

    nouns: tuple[str, ...]
    adjectives: tuple[str, ...]
    verbs: tuple[str, ...]
    held_out: frozenset[str] = frozenset()


def split_vocabulary(seed: int) -> dict[str, Words]:
    """Returns the words of each split: train lacks the held-out ones, the others have all.

    Whether a word is held out depends on nothing but the word and the seed, so a word that is
    both noun and verb is held out as both.
    """
    every = _read_words()
    distinct = {*every.nouns, *every.adjectives, *every.verbs}
    held_out = frozenset(w for w in distinct if _fraction(f"{seed} {w}") < HELD_OUT_SHARE)
    seen = _only(every, distinct - held_out)
    both = Words(every.nouns, every.adjectives, every.verbs, held_out)
    return {split: seen if split == TRAIN else both for split in SPLITS}


def generate_sentences(
    count: int, seed: int, words: Words, characters: frozenset[str]
) -> list[str]:
    """Writes distinct sentences with nothing but the given characters and the space.

    Of a mark outside `characters` the sentence goes without, and a letter that exists in the
    other case only takes that case.

    Args:
      count: how many.
      seed: the same seed gives the same sentences.
      words: what they are about.
      characters: those that can be written.

    Raises:
      InputError: the characters or the words do not suffice for so many sentences.
    """
    author = _Author(random.Random(f"sentences {seed}"), words)
    return _distinct(count, lambda: _write_with(characters, author.write_sentence()), characters)


def unseen_phrases(
    count: int, seed: int, words: Words, characters: frozenset[str] | None = None
) -> list[str]:
    """Returns distinct lower-case phrases made of held-out words only.

    Args:
      count: how many.
      seed: the same seed gives the same phrases.
      words: those of a split that has held-out words.
      characters: those that can be written; None for all.

    Raises:
      InputError: there are no held-out words, or too few for so many phrases.
    """
    held_out = _only(words, words.held_out)
    if not (held_out.nouns and held_out.adjectives and held_out.verbs):
        raise InputError(
            "expected words with held-out nouns, adjectives and verbs, got none: "
            "take the words of the validation or test split"
        )
    author = _Author(random.Random(f"unseen {seed}"), held_out)
    allowed = characters if characters is not None else frozenset(string.ascii_lowercase)
    return _distinct(count, lambda: _write_with(allowed, author.write("phrase")), allowed)


def read_corpus(path: Path, alphabet: Alphabet) -> list[str]:
    """Returns the sentences of a UTF-8 text file in Unicode normal form C.

    Each line of the file is a unit of one or more sentences; white space is collapsed.

    Raises:
      InputError: the file is missing, empty, not UTF-8, or has a character outside the alphabet.
    """
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(
            f"expected a text file, got {error.strerror} at {path}: give the path of a UTF-8 text"
        ) from None
    except UnicodeDecodeError as error:
        raise InputError(
            f"expected UTF-8, got the byte 0x{error.object[error.start]:02x} at offset "
            f"{error.start} in {path}: convert the file to UTF-8"
        ) from None
    sentences = []
    for number, line in enumerate(content.replace("\r\n", "\n").split("\n"), start=1):
        text = " ".join(unicodedata.normalize("NFC", line).split())
        outside = alphabet.outside(text)
        if outside:
            named = ", ".join(f"{c!r} (U+{ord(c):04X})" for c in outside)
            raise InputError(
                f"expected characters of the alphabet, got {named} in line {number} of {path}: "
                "replace them in the file, or choose a data set that has glyphs of them"
            )
        sentences += _SENTENCE_END.sub(r"\1\n", text).splitlines()
    if not sentences:
        raise InputError(f"expected text, got none in {path}: give a file with sentences")
    return sentences


def split_sentences(sentences: Iterable[str], shares: Mapping[str, float]) -> dict[str, list[str]]:
    """Deals sentences out to splits by their content.

    Sentences that differ in case or white space only go to the same split, whatever the order
    and whatever else there is.

    Args:
      sentences: in any order; repeats stay.
      shares: split -> its share; together 1.

    Raises:
      InputError: the shares are not positive or not 1 together.
    """
    if any(share <= 0 for share in shares.values()) or not math.isclose(sum(shares.values()), 1):
        raise InputError(
            f"expected positive shares that are 1 together, got {dict(shares)}: correct them"
        )
    dealt: dict[str, list[str]] = {split: [] for split in shares}
    for sentence in sentences:
        fraction = _fraction(" ".join(sentence.casefold().split()))
        upper = 0.0
        for split, share in shares.items():
            upper += share
            chosen = split
            if fraction < upper:
                break
        dealt[chosen].append(sentence)
    return dealt


def to_lines(sentence: str, max_length: int) -> list[str]:
    """Breaks a sentence at word ends into pieces of at most `max_length` characters.

    A single longer word is cut. No piece is empty or begins or ends with a space.
    """
    if max_length < 1:
        raise InputError(f"expected a line length of at least 1, got {max_length}: raise it")
    lines: list[str] = []
    for word in sentence.split():
        if lines and len(lines[-1]) + 1 + len(word) <= max_length:
            lines[-1] += f" {word}"
        else:
            starts = range(0, len(word), max_length)
            lines += [word[start : start + max_length] for start in starts]
    return lines


class _Author:
    """Draws texts by the grammar; `str.format_map` asks it for each name in a text."""

    def __init__(self, chance: random.Random, words: Words) -> None:
        self._chance = chance
        self._choices: dict[str, Sequence[str]] = {
            **_GRAMMAR,
            "noun": words.nouns,
            "adjective": words.adjectives,
            "verb": words.verbs,
            "first": _FIRST_NAMES.split(),
            "surname": _SURNAMES.split(),
            "place": _PLACES.split(),
            "month": _MONTHS.split(),
        }
        self._numbers: dict[str, Callable[[], str]] = {
            "number": lambda: str(chance.randint(2, 10 ** chance.randint(1, 5))),
            "year": lambda: str(chance.randint(1780, 2029)),
            "day": lambda: str(chance.randint(1, 28)),
            "clock": lambda: f"{chance.randint(1, 12)}:{chance.randint(0, 59):02}",
        }

    def __getitem__(self, name: str) -> str:
        if name in self._numbers:
            return self._numbers[name]()
        if name == "SHOUT":
            return self["noun"].upper()
        return self._chance.choice(self._choices[name]).format_map(self)

    def write(self, name: str) -> str:
        """Returns a text of the grammar with "an" where "a" would stand before a vowel."""
        return re.sub(r"\ba (?=[aeiouAEIOU])", "an ", self[name])

    def write_sentence(self) -> str:
        text = self.write("sentence")
        return text[0].upper() + text[1:]


def _write_with(characters: frozenset[str], text: str) -> str | None:
    """Returns the text without marks that cannot be written, or None if more is missing."""
    marks = "".join(_DROPPABLE - characters)
    bare = " ".join(word for word in (w.strip(marks) for w in text.split()) if word)
    written = "".join(c if c in characters else c.swapcase() for c in bare)
    return written if set(written) <= characters | {" "} else None


def _distinct(count: int, write: Callable[[], str | None], characters: frozenset[str]) -> list[str]:
    """Returns the first `count` texts that differ in more than case."""
    texts: dict[str, str] = {}
    repeats = 0
    while len(texts) < count:
        text = write()
        if text is None or text.casefold() in texts:
            repeats += 1
            if repeats == _MOST_REPEATS:
                raise InputError(
                    f"expected to write {count} distinct texts, got {len(texts)} with the "
                    f"characters {''.join(sorted(characters))!r}: ask for fewer, or choose a "
                    "data set with letters"
                )
            continue
        repeats = 0
        texts[text.casefold()] = text
    return list(texts.values())


def _fraction(text: str) -> float:
    """Returns a hash of the text, uniform from 0 to below 1 and the same on every machine."""
    digest = blake2b(text.encode(), digest_size=6).digest()  # 48 bits: a float holds them exactly
    return int.from_bytes(digest, "big") / 2**48


def _only(words: Words, allowed: Set[str]) -> Words:
    nouns, adjectives, verbs = (
        tuple(word for word in group if word in allowed)
        for group in (words.nouns, words.adjectives, words.verbs)
    )
    return Words(nouns, adjectives, verbs)


@cache
def _read_words() -> Words:
    """Returns wonderwords' lists without the words that it calls profane and our own grammar's."""
    assets = importlib.resources.files("wonderwords") / "assets"
    listed = {
        name: set((assets / f"{name}list.txt").read_text(encoding="utf-8").split())
        for name in ("noun", "adjective", "verb", "profanity")
    }
    texts = (text for choices in _GRAMMAR.values() for text in choices)
    fixed = " ".join((*texts, _FIRST_NAMES, _SURNAMES, _PLACES, _MONTHS))
    fixed = re.sub(r"\{\w+\}", "", fixed)
    unwanted = listed["profanity"] | set(re.findall(r"[a-z]+", fixed.casefold()))
    nouns, adjectives, verbs = (
        {word for word in listed[name] - unwanted if _LETTERS_ONLY.fullmatch(word)}
        for name in ("noun", "adjective", "verb")
    )
    verbs = {word for word in verbs - _NOT_BASE_FORMS if not _PAST_TENSE.fullmatch(word)}
    return Words(tuple(sorted(nouns)), tuple(sorted(adjectives)), tuple(sorted(verbs)))
