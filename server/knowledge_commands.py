"""The commands on what the assistant knows: index documents, look into the index."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from server import terminal

if TYPE_CHECKING:
    # Imported where they are used otherwise: `--help` should not wait for what it does not need.
    from home_energy.evidence.passage import Passage
    from home_energy.evidence.sufficiency import Sufficiency
    from home_energy.knowledge.filters import Filters
    from home_energy.knowledge.ingest import IngestReport
    from home_energy.settings import Settings

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]

_MEASURES = ("fused", "heading", "sentence", "feedback")
"""Of what a passage was found by, what has no rank."""
_NO_QUERY = "There is no word to look for."
_NONE_ALLOWED = "No document passes these filters."
_IN_FULL = frozenset({"removed", "lost", "skipped", "notices"})
"""What needs a person's eye."""
_SHOWN = 5


class Region(StrEnum):
    """Where a document may hold."""

    general = "general"
    uk = "uk"
    us = "us"
    eu = "eu"


def ingest(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH|URL|PATTERN...",
            help="Files, folders, quoted patterns such as 'docs/**/*.md', web pages, sitemaps.",
        ),
    ],
    prune: Annotated[
        bool, typer.Option("--prune", help="Forget documents that are not among these.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change, change nothing.")
    ] = False,
    sitemap: Annotated[
        bool, typer.Option("--sitemap", help="Take each address for a sitemap.")
    ] = False,
    allow_private: Annotated[
        bool,
        typer.Option("--allow-private", help="Let the hosts named here be at private addresses."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Index Markdown, text, HTML, PDF and DOCX, from files and the web, for answers to quote."""
    from home_energy.settings import get_settings
    from server.prepare import index, pull_weights

    settings = get_settings()
    given = _checked(sources, settings)
    pull_weights(settings, terminal.err)
    report = index(
        given,
        settings,
        terminal.err,
        prune=prune,
        dry_run=dry_run,
        sitemaps=sitemap,
        allow_private=allow_private,
    )
    if as_json:
        terminal.say_json(_as_json(report, dry_run=dry_run))
    else:
        terminal.say_table(
            ("", "documents", "which"),
            [(name, str(len(found)), _whole(_some(name, found))) for name, found in _rows(report)],
        )
        state = "Nothing was changed." if dry_run else f"{report.chunks:,} passages are indexed."
        terminal.say(f"{state} {report.seconds:.1f} s", "dim")
    if report.skipped:
        raise typer.Exit(1)


def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    limit: Annotated[int, typer.Option(min=1, max=50, help="How many passages.")] = 6,
    region: Annotated[
        Region | None, typer.Option(help="Only what holds there or everywhere.")
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="Only documents in this language, such as en.")
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Only facts that held on this day or later."),
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="Only from this site, folder or document.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show how each was found, and if they are enough.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show the passages that an answer would draw on, and how each was found."""
    from home_energy.knowledge.filters import Filters
    from home_energy.settings import get_settings
    from server.prepare import prepare

    filters = Filters(region, language, as_of.date() if as_of else None, source)
    _check_source(source)
    prepare(get_settings(), terminal.err)
    from tools.knowledge import knowledge

    _check_language(language)
    words = terminal.sound(query)
    found = knowledge().search(words, limit=limit, filters=filters)
    if explain:
        _explain(words, filters, found, limit, as_json=as_json)
    elif as_json:
        terminal.say_json([_document(passage) for passage in found])
    else:
        for number, passage in enumerate(found, start=1):
            how = ", ".join(f"{name} {value:.3g}" for name, value in passage.found_by.items())
            terminal.say(f"{number}. {passage.heading or passage.title}", "bold")
            terminal.say(f"{passage.id}  score {passage.score:.3f}  ({how})", "dim")
            terminal.say(f"{passage.text}\n")
        if not found:
            terminal.say(_why_none(words, filters), "dim")


def _check_source(source: str | None) -> None:
    if source is not None and not source.strip():
        raise typer.BadParameter("It cannot be blank.", param_hint="--source")


def _check_language(language: str | None) -> None:
    """End the command for what is no language, naming those that there are."""
    from home_energy.knowledge.filters import is_language, primary
    from tools.knowledge import knowledge

    if language is None or is_language(language):
        return
    known = sorted({primary(each.language) for each in knowledge().documents() if each.language})
    raise typer.BadParameter(
        f"{terminal.sound(language)!r} is not an ISO 639-1 code. The documents here are in: "
        f"{', '.join(known)}.",
        param_hint="--language",
    )


def _why_none(query: str, filters: "Filters") -> str:
    """Say why a search found no passage at all."""
    if not any(character.isalnum() for character in query):
        return _NO_QUERY
    return _NONE_ALLOWED if filters else "Nothing was found."


def _checked(sources: Sequence[str], settings: "Settings") -> list[Path | str]:
    """Return paths and addresses; a path that was never there ends the command."""
    from home_energy.knowledge import files
    from home_energy.knowledge.addresses import is_url
    from home_energy.knowledge.record import Record

    # One that is known and went can be asked for: its document goes, too.
    known = Record.read(settings.data_dir).sources
    checked: list[Path | str] = []
    for source in sources:
        if not source.strip():
            raise typer.BadParameter(
                "A source cannot be blank; the current folder is '.'.",
                param_hint="PATH|URL|PATTERN...",
            )
        if is_url(source):
            checked.append(source)
            continue
        path = Path(source).expanduser()
        pattern = files.is_pattern(path)
        there = files.matches(path) if pattern else path.exists()
        if not there and str(files.absolute(path)) not in known:
            reason = "matches no file" if pattern else "does not exist"
            raise typer.BadParameter(
                f"{files.printable(source)!r} {reason}.", param_hint="PATH|URL|PATTERN..."
            )
        checked.append(path)
    return checked


def _rows(report: "IngestReport") -> list[tuple[str, list[str]]]:
    rows = [
        ("added", report.added),
        ("updated", report.updated),
        ("unchanged", report.unchanged),
        ("removed", report.removed),
        ("lost", report.lost),
        ("skipped", [f"{name}: {reason}" for name, reason in report.skipped]),
        ("notices", [f"{name}: {notice}" for name, notice in report.notices]),
    ]
    return [(name, found) for name, found in rows if found or name not in {"lost", "notices"}]


def _some(name: str, found: list[str]) -> str:
    """Return a cell's worth of names."""
    shown = found if name in _IN_FULL else found[:_SHOWN]
    more = [f"… and {len(found) - len(shown)} more"] if len(found) > len(shown) else []
    return "\n".join([*shown, *more])


def _as_json(report: "IngestReport", *, dry_run: bool) -> dict[str, Any]:
    return {
        "added": report.added,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "removed": report.removed,
        "lost": report.lost,
        "skipped": [{"name": name, "reason": reason} for name, reason in report.skipped],
        "notices": [{"document": name, "notice": notice} for name, notice in report.notices],
        "dry_run": dry_run,
        "chunks": report.chunks,
        "embedded": report.embedded,
        "seconds": round(report.seconds, 3),
    }


def _explain(
    query: str, filters: "Filters", found: "list[Passage]", limit: int, *, as_json: bool
) -> None:
    """Show how each passage was found, what gave way to others, and the verdict on them."""
    from dataclasses import asdict, replace

    from home_energy.evidence.sufficiency import judge
    from home_energy.knowledge.ranking import SearchOptions
    from tools.knowledge import knowledge

    verdict = judge(query, found)
    if not found:
        verdict = replace(verdict, missing=_why_none(query, filters))
    plain = SearchOptions(diversify=False)
    best = knowledge().search(query, limit=limit, filters=filters, options=plain)
    shown = {passage.id for passage in found}
    gave_way = [passage.id for passage in best if passage.id not in shown]
    asked = {name: str(value) for name, value in asdict(filters).items() if value is not None}
    if as_json:
        terminal.say_json(
            {
                "query": query,
                "filters": asked,
                **asdict(verdict),
                "passages": [
                    {**_document(passage), "best_sentence": _best_sentence(passage)}
                    for passage in found
                ],
                "gave_way": gave_way,
            }
        )
        return
    terminal.say(f"Query: {query}")
    if asked:
        terminal.say("Only: " + ", ".join(f"{name} {value}" for name, value in asked.items()))
    for number, passage in enumerate(found, start=1):
        _say_found(number, passage)
    for passage_id in gave_way:
        terminal.say(f"Gave way, as its document or its like was shown: {passage_id}", "dim")
    terminal.say(_verdict(verdict) if found else verdict.missing or "")


def _say_found(number: int, passage: "Passage") -> None:
    """Print how a passage was found, in lines that fit a terminal of 80 columns."""
    how = passage.found_by
    less = f" (-{how['penalty']:g})" if "penalty" in how else ""
    terminal.say(f"{number}. {passage.heading or passage.title}", "bold")
    terminal.say(
        f"score {passage.score:.3f}{less}  dense {_rank(how, 'dense')} {passage.cosine:.3f}"
        f"  BM25 {_rank(how, 'bm25')} {how.get('bm25', 0.0):.2f}"
    )
    terminal.say("  ".join(f"{name} {how[name]:.3f}" for name in _MEASURES if name in how))
    terminal.say(passage.id, "dim")
    terminal.say(f"“{_best_sentence(passage)}”\n")


def _rank(how: dict[str, float], name: str) -> str:
    """Return the place that one of the searches gave; it may have missed the passage."""
    rank = how.get(f"{name}_rank")
    return "–" if rank is None else f"#{rank:.0f}"


def _whole(text: str) -> Text:
    """Return a cell whose long ids and addresses are folded, not cut."""
    cell = terminal.plain(text)
    cell.overflow = "fold"
    return cell


def _best_sentence(passage: "Passage") -> str:
    best = max(passage.sentences, key=lambda sentence: sentence.score, default=None)
    return " ".join(passage.quote(best).split()) if best else ""


def _verdict(verdict: "Sufficiency") -> str:
    by = f"by {abs(verdict.support):.2f}"
    if verdict.enough:
        return f"Enough to answer: the best passage is above the threshold {by}."
    return f"Not enough to answer (below the threshold {by}). {verdict.missing}"


def _document(passage: "Passage") -> dict[str, Any]:
    from agents.retriever import as_document

    return as_document(passage)
