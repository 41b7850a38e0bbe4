"""`paystream rules …`: what does the job look for, and what was changed of it while it runs?"""

from __future__ import annotations

import inspect
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.markup import escape
from rich.table import Table
from typer.core import TyperGroup

from generator.kafka_client import KafkaRefused, KafkaUnreachable
from job.contracts import RuleChange, Snooze
from job.docstrings import page
from job.rules.parameters import DEFAULT_FILE, load_rules, require_rule
from stack.settings import StackSettings
from workbench import cli_rules_change, cli_rules_measure
from workbench.console import make_console
from workbench.folders import RULE_LEDGER
from workbench.rule_drafts import standing_rules
from workbench.rule_ledger import LedgerEntry, newest_by_key
from workbench.rule_source import RuleSource, unpublished


class RulesGroup(TyperGroup):
    """`paystream rules NAME` shows a rule's page: what is no command is a rule."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Read what is no command as a rule's name."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["page", *args]
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=RulesGroup,
    help="What the job looks for; change it while it runs. `rules NAME` shows a rule's page.",
    context_settings={"help_option_names": ["-h", "--help"]},
)

Bootstrap = Annotated[
    str | None, typer.Option(help="Kafka, HOST:PORT; default: the local stack's.")
]
Prefix = Annotated[str, typer.Option(help="What stands before each topic's name.")]
Database = Annotated[
    str | None,
    typer.Option(
        envvar="PAYSTREAM_RULES_DATABASE", help="PostgreSQL that holds every change; a URL."
    ),
]
Ledger = Annotated[
    Path,
    typer.Option(envvar="PAYSTREAM_RULES_LEDGER", help="File of every change, without a database."),
]
Rules = Annotated[
    Path, typer.Option("--rules", help="The parameter file that the job was started with.")
]


@app.callback(invoke_without_command=True)
def overview(
    ctx: typer.Context,
    bootstrap: Bootstrap = None,
    topic_prefix: Prefix = "",
    database: Database = None,
    ledger: Ledger = RULE_LEDGER,
    rules: Rules = DEFAULT_FILE,
) -> None:
    """List the rules of the parameter file; with a command: which job it is about."""
    address = bootstrap or StackSettings.load().kafka_address
    ctx.obj = RuleSource(address, topic_prefix, ledger, database, rules)
    if ctx.invoked_subcommand is not None:
        return
    table = Table("rule", "question", "fires from", box=None, pad_edge=False)
    for rule in load_rules(rules):
        fires = f"{rule.threshold:g} {rule.unit}"
        table.add_row(f"[bold]{rule.name}[/]", page(type(rule)).question, fires)
    make_console().print(table)


@app.command("page", hidden=True)
def show_page(name: Annotated[str, typer.Argument(help="Of a rule.")]) -> None:
    """Show a rule's page."""
    make_console().print(inspect.getdoc(require_rule(name, "rules")), markup=False)


@app.command("list")
def list_standing(ctx: typer.Context) -> None:
    """What stands: every rule's mode and what differs from the parameter file; the snoozes."""
    source: RuleSource = ctx.obj
    entries = source.ledger().entries()
    newest = newest_by_key(entries)
    stands = {key: entry.record for key, entry in newest.items() if entry.record is not None}
    tables = source.tables()
    rules = standing_rules(tables, entries)
    told = _topic_column(source, entries)
    table = Table("rule", "mode", "changed", "version", "by", "since", "topic", box=None)
    for rule in rules.every_rule:
        parameters = rule.parameters
        mode = "paused" if not parameters.enabled else "shadow" if parameters.shadow else "active"
        record = stands.get(rule.name)
        changed = _changed(record.parameters) if isinstance(record, RuleChange) else ""
        entry = newest.get(rule.name)
        table.add_row(f"[bold]{rule.name}[/]", mode, changed, *_signature(entry), told(rule.name))
    console = make_console()
    console.print(table)
    snoozes = {key: each for key, each in stands.items() if isinstance(each, Snooze)}
    if snoozes:
        table = Table("snoozed", "", "until (event time)", "version", "by", "since", "topic")
        table.box = None
        for key, each in snoozes.items():
            until = _instant(each.until_ms)
            row = (each.entity_type, each.entity_id, until, *_signature(newest[key]), told(key))
            table.add_row(*row)
        console.print(table)
    console.print(f"rules version {rules.version}; {len(entries)} changes in {source.ledger_name}")


@app.command()
def history(
    ctx: typer.Context,
    rule: Annotated[str | None, typer.Argument(help="Only of this rule.")] = None,
) -> None:
    """Every change, newest last."""
    source: RuleSource = ctx.obj
    table = Table("change", "when", "what", "version", "said", "by", "note", box=None)
    found = [e for e in source.ledger().entries() if rule in (None, e.key)]
    for entry in found:
        table.add_row(
            entry.change_id,
            _instant(entry.changed_ms),
            entry.key,
            str(entry.version),
            cli_rules_change.said(entry),
            entry.author,
            entry.note,
        )
    console = make_console()
    if found:
        console.print(table)
    else:
        console.print("nothing was changed yet")


@app.command()
def export(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A parameter file, TOML.")],
) -> None:
    """Write what stands as a parameter file: for a job's start, or the oracle of a run."""
    source: RuleSource = ctx.obj
    rules = standing_rules(source.tables(), source.ledger().entries())
    lines = [f"# Rules version {rules.version}, written by `paystream rules export`."]
    for rule in rules.every_rule:
        lines += ["", f"[{rule.name}]"]
        values = msgspec.to_builtins(rule.parameters)
        # What JSON writes of a number, a truth value or a plain text is TOML as well.
        lines += [f"{name} = {msgspec.json.encode(v).decode()}" for name, v in values.items()]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    make_console().print(f"written: {file}")


cli_rules_change.add_to(app)
app.command("measure")(cli_rules_measure.measure_effect)


def _topic_column(source: RuleSource, entries: list[LedgerEntry]) -> Any:
    """What the topic says of a key, by key."""
    try:
        topic = source.on_topic()
    except KafkaUnreachable:
        return lambda _key: "[dim]Kafka does not answer[/]"
    except KafkaRefused as error:
        said = f"[dim]{escape(str(error))}[/]"
        return lambda _key: said
    newest = newest_by_key(entries)
    behind = {entry.key for entry in unpublished(entries, topic)}

    def told(key: str) -> str:
        if key in behind:
            return "[yellow]not published: rules sync[/]"
        if key in newest:
            return "as decided"
        return "[yellow]not in the ledger[/]" if key in topic else ""

    return told


def _signature(entry: LedgerEntry | None) -> tuple[str, str, str]:
    if entry is None:
        return "", "", ""
    return str(entry.version), entry.author, _instant(entry.changed_ms)


def _changed(parameters: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in parameters.items())


def _instant(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M:%SZ}"
