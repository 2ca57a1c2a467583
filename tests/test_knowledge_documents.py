"""What every document we ship must be: sourced, dated, readable and unlike the others."""

import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

FOLDER = Path(__file__).parent.parent / "knowledge"
PATHS = sorted(FOLDER.glob("*.md"))
REGIONS = {"uk", "us", "eu", "general"}
LONGEST_SENTENCE = 35
"""Words that a person still reads in one go."""
SHINGLE = 8
"""Words in a row; chance repeats of that length are rare."""
SHARED_AT_MOST = 0.03
"""Of the shorter document's shingles."""

FIGURE = re.compile(r"(?<![\w-])[£$€]?\d[\d,.]*")
NOT_FIGURES = re.compile(r"\b(?:0\d{2,}(?: \d{2,})*|(?:19|20)\d\d|911)\b")
"""Telephone numbers and bare years."""
OWN_ARITHMETIC = re.compile(
    r"dated example|worked example|arithmetic|by physics|multiply|the formula"
    r"|equals .*(times|divided by)",
    re.IGNORECASE,
)
SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[A-Z\"'(£$€])")
YEAR = re.compile(r"(c\. )?(19|20)\d\d(s|[-–](\d\d|\d{4}))?|undated(, seen 20\d\d)?")
LINK = re.compile(r"\[[^\]]*\]\(([^)]*)\)")


@dataclass(frozen=True)
class Shipped:
    """A document split into its front matter and its Markdown body."""

    slug: str
    meta: dict[str, Any]
    body: str

    @property
    def heading(self) -> str:
        return self.body.split("\n", 1)[0]

    @property
    def text(self) -> str:
        """The body below the first heading."""
        return self.body.split("\n", 1)[1]

    @property
    def publishers(self) -> list[str]:
        return [source["publisher"] for source in self.meta["sources"]]


@cache
def read(path: Path) -> Shipped:
    _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
    return Shipped(path.stem, yaml.safe_load(front), body.strip())


def paragraphs(text: str) -> list[str]:
    """Blocks of prose; a list belongs to the line with a colon that introduces it."""
    found: list[str] = []
    for block in re.split(r"\n\s*\n", text):
        if block.lstrip().startswith("#"):
            _, _, block = block.strip().partition("\n")
        if not block.strip():
            continue
        if found and block.startswith("- ") and found[-1].endswith(":"):
            found[-1] = f"{found[-1]}\n{block}"
        else:
            found.append(block.strip())
    return found


def sentences(text: str) -> list[str]:
    """Sentences, with every list item on its own and headings left out."""
    found: list[str] = []
    for paragraph in paragraphs(text):
        for item in re.split(r"^- ", paragraph, flags=re.MULTILINE):
            found += SENTENCE_END.split(" ".join(item.split()))
    return [sentence for sentence in found if sentence]


def unsourced(document: Shipped) -> list[str]:
    """Paragraphs whose figures come from nobody."""
    return [
        paragraph
        for paragraph in paragraphs(document.text)
        if FIGURE.search(NOT_FIGURES.sub("", paragraph))
        and not OWN_ARITHMETIC.search(paragraph)
        and not any(publisher.lower() in paragraph.lower() for publisher in document.publishers)
    ]


def shingles(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"[\w%£$€.]+", text.lower())
    return {tuple(words[start : start + SHINGLE]) for start in range(len(words) - SHINGLE + 1)}


def well_formed(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and "." in parts.netloc and not re.search(r"\s", url)


every_document = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def test_there_are_at_least_sixty_documents() -> None:
    assert len(PATHS) >= 60


@every_document
def test_file_name_is_a_plain_slug(path: Path) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", path.stem)


@every_document
def test_front_matter_is_complete(path: Path) -> None:
    meta = read(path).meta
    assert isinstance(meta["title"], str)
    assert meta["title"].strip()
    assert meta["region"] in REGIONS
    assert date.fromisoformat(str(meta["as_of"])) >= date(2026, 1, 1)
    assert meta["topics"]
    assert all(re.fullmatch(r"[a-z0-9-]+", topic) for topic in meta["topics"])


@every_document
def test_every_source_can_be_followed(path: Path) -> None:
    sources = read(path).meta["sources"]
    assert sources
    for source in sources:
        assert source["publisher"].strip(), source
        assert source["title"].strip(), source
        assert well_formed(source["url"]), source
        assert YEAR.fullmatch(str(source["year"])), source
    assert len({(source["publisher"], source["url"]) for source in sources}) == len(sources)


@every_document
def test_heading_repeats_the_title(path: Path) -> None:
    document = read(path)
    assert document.heading == f"# {document.meta['title']}"


@every_document
def test_length_suits_one_sitting(path: Path) -> None:
    assert 250 <= len(read(path).body.split()) <= 900


@every_document
def test_every_figure_has_a_source(path: Path) -> None:
    assert unsourced(read(path)) == []


@every_document
def test_every_listed_source_is_used(path: Path) -> None:
    document = read(path)
    body = document.body.lower()
    assert [name for name in document.publishers if name.lower() not in body] == []


@every_document
def test_no_sentence_is_longer_than_a_person_reads(path: Path) -> None:
    found = sentences(read(path).text)
    assert [sentence for sentence in found if len(sentence.split()) > LONGEST_SENTENCE] == []


@every_document
def test_links_are_well_formed(path: Path) -> None:
    body = read(path).body
    assert [url for url in LINK.findall(body) if not well_formed(url)] == []
    assert body.count("](") == len(LINK.findall(body))


@every_document
def test_prose_is_plain_markdown(path: Path) -> None:
    body = read(path).body
    assert not re.search(r"^\s*\|", body, flags=re.MULTILINE), "a table"
    assert not re.search(r"\*\*|__|<[a-zA-Z/!]", body), "emphasis or HTML"


def test_no_two_documents_say_the_same() -> None:
    parts = {path.stem: shingles(read(path).text) for path in PATHS}
    alike = []
    for (left, ours), (right, theirs) in combinations(parts.items(), 2):
        shared = len(ours & theirs) / min(len(ours), len(theirs))
        if shared > SHARED_AT_MOST:
            alike.append((left, right, round(shared, 3)))
    assert alike == []


def test_titles_differ() -> None:
    titles = [read(path).meta["title"].lower() for path in PATHS]
    assert len(set(titles)) == len(titles)


MADE_UP = Shipped(
    slug="made-up",
    meta={"sources": [{"publisher": "Ofgem"}]},
    body="# Made up\n\n## Cost\nA kettle costs 5p.\n\nThe cap was 25p (Ofgem, 2025).\n\nNo figure.",
)


def test_a_figure_from_nobody_is_caught() -> None:
    assert unsourced(MADE_UP) == ["A kettle costs 5p."]


def test_list_items_count_as_sentences_of_their_own() -> None:
    assert sentences("## Do\nDo both:\n- Turn it off. Then rest.\n- Unplug it.") == [
        "Do both:",
        "Turn it off.",
        "Then rest.",
        "Unplug it.",
    ]
