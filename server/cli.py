"""The command `home-energy`: a door like the others, for the person at the machine."""

import asyncio
import json
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from home_energy.errors import BadInput, HomeEnergyError, SetupError
from server import backup_commands, knowledge_commands, terminal
from server.key_commands import keys_app
from server.session_commands import sessions_app

if TYPE_CHECKING:
    # Imported where they are used otherwise: `--help` should not wait for what it does not need.
    from home_energy.evidence.answer import Answer
    from home_energy.settings import Settings

app = typer.Typer(
    help="Home Energy Assistant: answers on saving energy at home, each sentence proved.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
models_app = typer.Typer(help="The embedding model's files.", no_args_is_help=True)
app.add_typer(models_app, name="models")
app.add_typer(keys_app, name="keys")
app.add_typer(sessions_app, name="sessions")

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


class GraphFormat(StrEnum):
    """How a graph can be drawn."""

    mermaid = "mermaid"
    png = "png"


class GraphName(StrEnum):
    """The graphs that are served."""

    assistant = "assistant"
    rag = "rag"


class Region(StrEnum):
    """Whose rules, prices and units to prefer."""

    general = "general"
    uk = "uk"
    us = "us"
    eu = "eu"


class Units(StrEnum):
    """Units that calculators answer in."""

    metric = "metric"
    imperial = "imperial"


RegionOption = Annotated[Region, typer.Option(help="Whose rules and prices to prefer.")]
UnitsOption = Annotated[Units, typer.Option(help="Units that calculations answer in.")]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; a mistake is one sentence unless `--debug` is given.

    Exits with 0 when all is well, 1 for a failure that was explained, 2 for a wrong command line.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    rest = [argument for argument in given if argument != "--debug"]
    try:
        # Wherever it stands, since it is added when a command has just failed.
        app(["--debug", *rest] if debug and rest else rest, prog_name="home-energy")
    except HomeEnergyError as exc:
        if debug:
            raise
        terminal.complain(str(exc))
        sys.exit(1)
    except OSError as exc:
        if debug:
            raise
        terminal.complain(f"{str(exc.filename or 'A file')!r} cannot be used: {exc.strerror}.")
        sys.exit(1)
    except Exception as exc:
        if debug:
            raise
        terminal.complain(
            f"Something unexpected went wrong ({type(exc).__name__}): "
            "run the same command with --debug to see where."
        )
        sys.exit(1)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("home-energy-assistant"))
        raise typer.Exit


@app.callback()
def prepare_process(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show logs, and where an error comes from.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Read `.env` and keep logs out of what is printed, before any command."""
    _load_dotenv()
    if not debug:
        _quiet_logs()


@app.command(epilog="Example: home-energy serve --port 8080")
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 2024,
) -> None:
    """Prepare what is missing and serve until Ctrl-C."""
    from server.launch import serve as run_server
    from server.prepare import check_model

    settings = _settings()
    check_model(settings)
    run_server(host, port, settings)


@app.command(epilog='Example: home-energy ask "how thick should loft insulation be?"')
def ask(
    question: Annotated[str, typer.Argument(help="Your question, in quotes.")],
    region: RegionOption = Region.general,
    units: UnitsOption = Units.metric,
    as_json: Json = False,
) -> None:
    """Answer one question, with the sources that prove it."""
    if not question.strip():
        raise typer.BadParameter("ask something, in quotes")
    settings = _ready(model=True)
    answer = asyncio.run(_answer(terminal.sound(question), _context(region, units)))
    if as_json:
        terminal.say_json(answer)
    else:
        terminal.say_answer(answer, model=settings.model)


@app.command(epilog="Example: home-energy chat --region uk")
def chat(
    session: Annotated[str | None, typer.Option(help="Go on with the session of this id.")] = None,
    region: RegionOption = Region.general,
    units: UnitsOption = Units.metric,
) -> None:
    """Talk to the assistant, which remembers what was said; /help lists its commands."""
    settings = _ready(model=True)
    from server.chat import chat as talk

    talk(settings, _context(region, units), session)


app.command(epilog="Example: home-energy ingest ~/manuals tariff.pdf")(knowledge_commands.ingest)
app.command(epilog='Example: home-energy search "heat pump in winter" --limit 3')(
    knowledge_commands.search
)
app.command(epilog="Example: home-energy backup ~/backups/home-energy.tar.gz")(
    backup_commands.backup
)
app.command(epilog="Example: home-energy restore ~/backups/home-energy.tar.gz")(
    backup_commands.restore
)


@app.command(epilog="Example: home-energy graph assistant --format png --output assistant.png")
def graph(
    name: Annotated[GraphName, typer.Argument(help="Which graph.")] = GraphName.assistant,
    form: Annotated[GraphFormat, typer.Option("--format", help="Text or a picture.")] = (
        GraphFormat.mermaid
    ),
    output: Annotated[
        Path | None, typer.Option(help="A file to write; a picture has NAME.png without it.")
    ] = None,
) -> None:
    """Draw a graph, without the network."""
    from importlib import import_module

    drawn = import_module(f"graphs.{name.value}").graph.get_graph()
    if form is GraphFormat.mermaid and output is None:
        typer.echo(drawn.draw_mermaid())
        return
    path = output or Path(f"{name.value}.png")
    try:
        if form is GraphFormat.mermaid:
            path.write_text(drawn.draw_mermaid(), encoding="utf-8")
        else:
            path.write_bytes(drawn.draw_png())
    except ImportError as exc:
        raise SetupError("A picture needs pygraphviz: install it, or use mermaid.") from exc
    except OSError as exc:
        raise SetupError(f"{str(path)!r} cannot be written: {exc.strerror}.") from exc
    typer.echo(str(path))


@app.command(
    epilog='Example: home-energy ask "what does a kettle cost?" --json | home-energy verify -'
)
def verify(
    file: Annotated[
        typer.FileText,
        typer.Argument(help="An answer in JSON, as every door gives it; - reads it."),
    ],
    as_json: Json = False,
) -> None:
    """Check that an answer's quotes stand in the documents, and that they bear out its text."""
    answer = _read_answer(file)
    _ready()
    from server.checks import verify_answer

    problems = verify_answer(answer)
    if as_json:
        terminal.say_json({"holds": not problems, "problems": problems})
    elif problems:
        for problem in problems:
            terminal.say(problem, "red")
    elif answer.citations:
        quotes = len(answer.citations)
        terminal.say(f"All {quotes} quotes hold." if quotes > 1 else "The quote holds.")
    else:
        terminal.say("The answer claims nothing that needs a quote.")
    if problems:
        raise typer.Exit(1)


@app.command(epilog="Example: home-energy doctor --repair")
def doctor(
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend what is damaged; no server may run.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check the installation and say how to mend what is wrong."""
    if repair:
        _repair(as_json)
        return
    from server.checks import run_checks

    checks = run_checks(_settings())
    if as_json:
        terminal.say_json([check.as_dict() for check in checks])
    else:
        marks = {True: Text("ok", "green"), False: Text("no", "red")}
        terminal.say_table(
            ("", "what", "state", "what to do"),
            [(marks[c.ok], c.name, c.state, "" if c.ok else c.remedy) for c in checks],
        )
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


def _repair(as_json: bool) -> None:
    from datetime import UTC, datetime

    from server.repair import repair

    repaired = repair(_settings(), now=datetime.now(UTC), console=terminal.err)
    if as_json:
        terminal.say_json(repaired.as_dict())
    else:
        marks = {True: Text("ok", "green"), False: Text("no", "red")}
        terminal.say_table(
            ("", "what", "state", "rows saved"),
            [(marks[part.ok], part.name, part.state, part.rows()) for part in repaired.parts],
        )
        for sentence in repaired.sentences():
            terminal.say(sentence, "yellow")
    if not repaired.ok:
        raise typer.Exit(1)


@models_app.command("pull", epilog="Example: home-energy models pull")
def models_pull() -> None:
    """Fetch the embedding weights by hash, once; check them if they are there."""
    from home_energy.knowledge import weights
    from server.prepare import pull_weights

    settings = _settings()
    pull_weights(settings, terminal.err)
    typer.echo(str(weights.verify(settings.data_dir)))


def _load_dotenv() -> None:
    """Let `.env` set the providers' own variables too; the environment wins."""
    from dotenv import load_dotenv

    from home_energy.settings import PROJECT_ROOT

    try:
        load_dotenv(PROJECT_ROOT / ".env", override=False)
    except (OSError, UnicodeDecodeError) as exc:
        raise SetupError("The file .env cannot be read: write it anew from .env.example.") from exc


def _quiet_logs() -> None:
    import logging
    import warnings

    import structlog

    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.getLogger().setLevel(logging.CRITICAL)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")


def _settings() -> "Settings":
    from home_energy.settings import get_settings

    return get_settings()


def _ready(*, model: bool = False) -> "Settings":
    """Prepare what is missing and return the settings; with `model`, one that can be built."""
    from server.prepare import check_model, prepare

    settings = _settings()
    if model:
        check_model(settings)
    prepare(settings, terminal.err)
    return settings


def _context(region: Region, units: Units) -> dict[str, Any]:
    return {"region": region.value, "units": units.value}


async def _answer(question: str, context: dict[str, Any]) -> dict[str, Any]:
    from agents.context import Context
    from graphs.assistant import graph as assistant

    turn: Any = {"messages": [{"role": "user", "content": question}]}
    result = await assistant.ainvoke(turn, context=Context(**context))
    if "answer" not in result:
        raise BadInput("That needs your confirmation: ask for it in `home-energy chat`.")
    answer: dict[str, Any] = result["answer"]
    return answer


def _read_answer(file: typer.FileText) -> "Answer":
    from home_energy.evidence.answer import Answer

    try:
        data = json.load(file)
        return Answer.model_validate(data.get("answer", data))
    except (OSError, ValueError, AttributeError) as exc:
        raise BadInput(
            f"{file.name!r} is not an answer in JSON, as `ask --json` prints it."
        ) from exc
