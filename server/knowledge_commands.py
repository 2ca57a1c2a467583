"""The commands on what the assistant knows: index documents, look into the index."""

from pathlib import Path
from typing import Annotated

import typer

from server import terminal

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def ingest(
    paths: Annotated[list[Path], typer.Argument(help="Files and folders.", exists=True)],
    prune: Annotated[
        bool, typer.Option("--prune", help="Forget documents that are not below these paths.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change, change nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Index Markdown, text, HTML and PDF files so that answers can quote them."""
    from home_energy.settings import get_settings
    from server.prepare import index, pull_weights

    settings = get_settings()
    pull_weights(settings, terminal.err)
    report = index(paths, settings, terminal.err, prune=prune, dry_run=dry_run)
    rows = {
        "added": report.added,
        "updated": report.updated,
        "removed": report.removed,
        "unchanged": report.unchanged,
        "lost": report.lost,
        "skipped": [f"{name}: {reason}" for name, reason in report.skipped],
    }
    if as_json:
        seconds = round(report.seconds, 3)
        terminal.say_json({**rows, "chunks": report.chunks, "seconds": seconds})
    else:
        terminal.say_table(
            ("", "documents", "which"),
            [(name, str(len(found)), _some(name, found)) for name, found in rows.items()],
        )
        state = "Nothing was changed." if dry_run else f"{report.chunks} passages are indexed."
        terminal.say(f"{state} {report.seconds:.1f} s", "dim")
    if report.skipped:
        raise typer.Exit(1)


def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    limit: Annotated[int, typer.Option(min=1, max=50, help="How many passages.")] = 6,
    as_json: Json = False,
) -> None:
    """Show the passages that an answer would draw on, and how each was found."""
    from home_energy.settings import get_settings
    from server.prepare import prepare

    prepare(get_settings(), terminal.err)
    from tools.knowledge import knowledge

    found = knowledge().search(terminal.sound(query), limit=limit)
    if as_json:
        from agents.retriever import as_document

        terminal.say_json([as_document(passage) for passage in found])
        return
    for number, passage in enumerate(found, start=1):
        how = ", ".join(f"{name} {value:.3g}" for name, value in passage.found_by.items())
        terminal.say(f"{number}. {passage.heading or passage.title}", "bold")
        terminal.say(f"{passage.id}  score {passage.score:.3f}  ({how})", "dim")
        terminal.say(f"{passage.text}\n")
    if not found:
        terminal.say("Nothing was found.", "dim")


def _some(name: str, found: list[str]) -> str:
    """Return a cell's worth of names; what needs a person's eye is shown in full."""
    shown = found if name in {"skipped", "removed", "lost"} else found[:5]
    more = [f"… and {len(found) - len(shown)} more"] if len(found) > len(shown) else []
    return "\n".join([*shown, *more])
