"""Distil WordNet and PPDB into the table of words that the proof compares with.

    python -m bench.thesaurus WORDNET_DICT CONSTRAINTS

`WORDNET_DICT` is the `dict` folder of WordNet 3.1; `CONSTRAINTS` is a folder with
`ppdb_synonyms.txt`, `ppdb_antonyms.txt` and `wordnet_antonyms.txt`, the word pairs of PPDB 2.0
published with "Counter-fitting Word Vectors to Linguistic Constraints" (Mrkšić et al., 2016).
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from home_energy.evidence.lexicon import stem

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "home_energy" / "evidence" / "thesaurus.txt"
HEAD = """\
# Words that mean the same, broader words, opposites, by stem. Written by bench/thesaurus.py.
# stem|same|broader|opposite|t for a thing, p for a place or a person, v for a verb
# From WordNet 3.1, copyright 2011 by Princeton University, all rights reserved, used under its
# licence (https://wordnet.princeton.edu/license-and-commercial-use), and from PPDB 2.0 (Pavlick
# et al., 2015; CC BY 3.0) as selected by Mrkšić et al., 2016.
"""
POS = {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}
THINGS = {5, 6, 8, 13, 17, 20, 27}
"""Lexicographer's files of animals, artefacts, the body, food, objects, plants, substances."""
PERSONS = {15, 18}
"""The same for places and people."""
RARE = 0.08
"""A sense with less than this share of a word's uses is left out."""


class Sense(NamedTuple):
    """One meaning of a word."""

    pos: str
    number: int
    uses: int
    offset: str
    file: int


class Synset(NamedTuple):
    """Words of one meaning and what it points to: sign, part of speech, offset, from, to."""

    words: list[str]
    pointers: list[tuple[str, str, str, int, int]]


def senses(folder: Path) -> dict[str, list[Sense]]:
    """Read the meanings of each word of one part."""
    found: dict[str, list[Sense]] = defaultdict(list)
    for line in (folder / "index.sense").read_text("utf-8").splitlines():
        key, offset, number, count = line.split()
        word, rest = key.split("%")
        kind, file = rest.split(":")[:2]
        if word.isalpha() and len(word) > 2:
            found[word].append(Sense(POS[kind], int(number), int(count), offset, int(file)))
    return found


def synsets(folder: Path) -> Iterator[tuple[tuple[str, str], Synset]]:
    """Read the meanings with their pointers."""
    for name, pos in (("noun", "n"), ("verb", "v"), ("adj", "a"), ("adv", "r")):
        for line in (folder / f"data.{name}").read_text("utf-8").splitlines():
            if line.startswith("  "):
                continue
            fields = line.split("|")[0].split()
            count = int(fields[3], 16)
            words = [re.sub(r"\(.*\)", "", w).lower() for w in fields[4 : 4 + 2 * count : 2]]
            number, rest = int(fields[4 + 2 * count]), fields[5 + 2 * count :]
            pointers = [
                (sign, "a" if kind == "s" else kind, offset, int(ends[:2], 16), int(ends[2:], 16))
                for sign, offset, kind, ends in batched(rest[: 4 * number])
            ]
            yield (pos, fields[0]), Synset(words, pointers)


def batched(fields: list[str]) -> Iterator[list[str]]:
    """Part the fields of pointers, four each."""
    return (fields[at : at + 4] for at in range(0, len(fields), 4))


class Table:
    """The words and how they are related, by stem."""

    def __init__(self, meanings: dict[str, list[Sense]], own: frozenset[str]) -> None:
        """Take the words that WordNet's texts or our documents have."""
        self.total = {word: sum(s.uses for s in found) for word, found in meanings.items()}
        self.known = {w for w in meanings if self.total[w] > 0 or w in own}
        self.common = {
            (word, sense.pos, sense.offset)
            for word in self.known
            for sense in meanings[word]
            if _common(sense, self.total[word])
        }
        by_stem: dict[str, list[Sense]] = defaultdict(list)
        for word in sorted(self.known):
            by_stem[stem(word)] += meanings[word]
        self.kinds = {key: kind for key, found in by_stem.items() if (kind := _kind(found))}
        self.same: dict[str, set[str]] = defaultdict(set)
        self.broader: dict[str, set[str]] = defaultdict(set)
        self.opposite: dict[str, set[str]] = defaultdict(set)

    def link(self, relation: dict[str, set[str]], one: str, other: str) -> None:
        """Note that two words are related."""
        a, b = stem(one), stem(other)
        if a != b and a.isalpha() and b.isalpha():
            relation[a].add(b)

    def wordnet(self, every: dict[tuple[str, str], Synset]) -> None:
        """Take WordNet's relations between common meanings."""
        for (pos, offset), synset in every.items():
            mine = [w for w in synset.words if (w, pos, offset) in self.common]
            for one in mine:
                for other in mine:
                    self.link(self.same, one, other)
            for sign, kind, target, source, to in synset.pointers:
                goal = every[kind, target]
                theirs = [w for w in goal.words if (w, kind, target) in self.common]
                if sign == "!" and synset.words[source - 1] in mine:
                    self.link(self.opposite, synset.words[source - 1], goal.words[to - 1])
                elif sign in "+\\<" and source and to:
                    one, other = synset.words[source - 1], goal.words[to - 1]
                    if one in mine and other in theirs:
                        self.link(self.same, one, other)
                        self.link(self.same, other, one)
                elif sign in ("&", "@", "@i", "*", ">"):
                    for one in mine:
                        for other in theirs:
                            self.link(self.same if sign == "&" else self.broader, one, other)

    def pairs(self, folder: Path) -> None:
        """Take the word pairs of PPDB."""
        for name, relation in (
            ("ppdb_synonyms", self.same),
            ("ppdb_antonyms", self.opposite),
            ("wordnet_antonyms", self.opposite),
        ):
            for line in (folder / f"{name}.txt").read_text("utf-8").splitlines():
                one, other = line.split()
                if one in self.known or other in self.known or relation is self.opposite:
                    self.link(relation, one, other)
                    self.link(relation, other, one)

    def lines(self) -> Iterator[str]:
        """Write the table."""
        stems = {stem(word) for word in self.known}
        for key in sorted(stems | set(self.same)):
            opposite = self.opposite[key] & stems
            same = self.same[key] - opposite
            broader = (self.broader[key] & stems) - same - opposite
            fields = [" ".join(sorted(words)) for words in (same, broader, opposite)]
            if any(fields) or key in self.kinds:
                yield "|".join((key, *fields, self.kinds.get(key, "")))


def _common(sense: Sense, total: int) -> bool:
    if sense.uses == 0:
        return sense.number == 1
    return sense.uses >= RARE * total or sense.number <= 2


def _kind(found: list[Sense]) -> str:
    """Say whether a word most often names a thing, a place or a person, or is a verb."""
    weight: dict[str, float] = defaultdict(float)
    for sense in found:
        kind = "t" if sense.file in THINGS else "p" if sense.file in PERSONS else ""
        kind = kind if sense.pos == "n" else "v" if sense.pos == "v" else ""
        weight[kind] += sense.uses + 1 / (10 * sense.number)
    return max(weight, key=lambda kind: weight[kind])


def main() -> None:
    """Write the table."""
    dictionary, constraints = map(Path, sys.argv[1:3])
    own = frozenset(
        word
        for path in (ROOT / "knowledge").glob("*.md")
        for word in re.findall(r"[a-z]{3,}", path.read_text("utf-8").lower())
    )
    table = Table(senses(dictionary), own)
    table.wordnet(dict(synsets(dictionary)))
    table.pairs(constraints)
    TABLE.write_text(HEAD + "\n".join(table.lines()) + "\n", "utf-8")


if __name__ == "__main__":
    main()
