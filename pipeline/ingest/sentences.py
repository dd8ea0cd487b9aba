"""Writes English sentences for lines, where the user gives no text file of their own.

Beside the glyph readers, before the lines are planned: glyphs say how a character looks, this
module says what is written; `corpus.py` reads a user's text instead. The content words come from
the package wonderwords (MIT), the grammar is our own.
"""

import importlib.resources
import random
import re
import string
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cache

from tqdm import tqdm

from pipeline.ingest.corpus import hash_fraction
from pipeline.ingest.text_rows import BLOCK_TEXTS
from pipeline.ingest.text_set import TextSet
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
    held_out = frozenset(w for w in distinct if hash_fraction(f"{seed} {w}") < HELD_OUT_SHARE)
    seen = _only(every, distinct - held_out)
    both = Words(every.nouns, every.adjectives, every.verbs, held_out)
    return {split: seen if split == TRAIN else both for split in SPLITS}


def generate_sentences(
    count: int, seed: int, words: Words, characters: frozenset[str]
) -> Iterator[str]:
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
) -> Iterator[str]:
    """Writes distinct lower-case phrases made of held-out words only.

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


def _distinct(
    count: int, write: Callable[[], str | None], characters: frozenset[str]
) -> Iterator[str]:
    """Yields the first `count` texts that differ in more than case."""
    met = TextSet()
    found = repeats = 0
    with tqdm(desc="texts", total=count, unit="text", disable=None, leave=False, delay=1) as bar:
        while found < count:
            # No more than are missing: a text too many would have been written in vain.
            written = [write() for _ in range(min(BLOCK_TEXTS, count - found))]
            new = iter(met.add([text.casefold() for text in written if text is not None]))
            for text in written:
                if text is not None and next(new):
                    found, repeats = found + 1, 0
                    bar.update()
                    yield text
                    continue
                repeats += 1
                if repeats == _MOST_REPEATS:
                    raise InputError(
                        f"expected to write {count} distinct texts, got {found} with the "
                        f"characters {''.join(sorted(characters))!r}: ask for fewer, or choose a "
                        "data set with letters"
                    )


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
