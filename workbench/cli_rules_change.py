"""`paystream rules publish`, `rollback`, `sync`: how is a rule changed while the job runs?"""

from __future__ import annotations

import argparse
import getpass
import time
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal

import typer
from rich.markup import escape

from generator.settings import SettingsError
from job.contracts import RuleChange, Snooze
from job.flink.options import parse_duration_ms
from workbench.console import make_console
from workbench.rule_drafts import (
    Draft,
    Drafting,
    RuleDraft,
    SnoozeDraft,
    parse_parameter,
    read_drafts,
)
from workbench.rule_ledger import LedgerEntry
from workbench.rule_source import Published, RuleSource
from workbench.rule_topic import make_rule_topics

_NANOS_PER_MS: Final = 1_000_000
#: A job said no.
REFUSED_EXIT_CODE: Final = 1

Wait = Annotated[
    float, typer.Option(min=0, help="Longest wait for the job's word, seconds; 0: do not ask.")
]
Author = Annotated[str, typer.Option(help="Who changes it.", default_factory=getpass.getuser)]
NoteText = Annotated[str, typer.Option("--note", help="Why, for people.")]
DEFAULT_WAIT_S: Final = 5.0


def publish(
    ctx: typer.Context,
    author: Author,
    file: Annotated[
        Path | None,
        typer.Argument(help="TOML as the parameter file, with mode and note for each rule."),
    ] = None,
    rule: Annotated[str | None, typer.Option(help="Change this one.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=VALUE; can be repeated.")
    ] = None,
    mode: Annotated[str | None, typer.Option(help="active, shadow or paused.")] = None,
    reset: Annotated[
        bool, typer.Option("--reset", help="Take the rule back to the parameter file.")
    ] = False,
    snooze_card: Annotated[str | None, typer.Option(help="No alerts on this card.")] = None,
    snooze_merchant: Annotated[str | None, typer.Option(help="None at this merchant.")] = None,
    until: Annotated[
        str | None, typer.Option(help="Of a snooze: event time, ISO 8601 with a time zone.")
    ] = None,
    for_: Annotated[
        str | None, typer.Option("--for", help="Of a snooze: from now, e.g. 24h or 7d.")
    ] = None,
    end_snooze_card: Annotated[str | None, typer.Option(help="Alert on it again.")] = None,
    end_snooze_merchant: Annotated[str | None, typer.Option(help="The same.")] = None,
    note: NoteText = "",
    wait: Wait = DEFAULT_WAIT_S,
) -> None:
    """Check a change, write it down, publish it, and hear whether the job took it."""
    drafts: list[Draft] = []
    if file is not None:
        drafts += read_drafts(file)
    if rule is not None:
        parameters = dict(map(parse_parameter, set_ or ()))
        drafts.append(RuleDraft(rule, parameters, mode=mode, withdraw=reset, note=note))
        if reset and (parameters or mode):
            raise SettingsError("--reset takes everything back; leave out --set and --mode")
        if not (reset or parameters or mode):
            raise SettingsError("say what changes: --set NAME=VALUE, --mode MODE or --reset")
    elif set_ or mode or reset:
        raise SettingsError("--set, --mode and --reset need --rule NAME")
    if snooze_card or snooze_merchant:
        until_ms = _until_ms(until, for_)
        drafts += _snoozes((("card", snooze_card), ("merchant", snooze_merchant)), until_ms, note)
    drafts += _snoozes((("card", end_snooze_card), ("merchant", end_snooze_merchant)), None, note)
    if not drafts:
        raise SettingsError("nothing to publish: give FILE, --rule, --snooze-card or the like")
    source: RuleSource = ctx.obj
    drafting = Drafting(source.tables(), author)
    _tell(source.change(lambda entries: drafting.decide(entries, drafts), wait), wait)


def rollback(
    ctx: typer.Context,
    author: Author,
    change: Annotated[
        str | None, typer.Argument(help="A change of `rules history`; default: the newest.")
    ] = None,
    wait: Wait = DEFAULT_WAIT_S,
) -> None:
    """Take a rule or a snooze back to what stood before a change."""
    source: RuleSource = ctx.obj
    drafting = Drafting(source.tables(), author)
    _tell(source.change(lambda entries: drafting.roll_back(entries, change), wait), wait)


def sync(ctx: typer.Context, wait: Wait = DEFAULT_WAIT_S) -> None:
    """Publish what the ledger says and the topic does not."""
    source: RuleSource = ctx.obj
    published = source.sync(wait)
    if not published:
        make_console().print("the topic says what the ledger says")
    _tell(published, wait)


def create_topics(
    ctx: typer.Context,
    replication: Annotated[int, typer.Option(min=1, help="Copies of each partition.")] = 1,
) -> None:
    """Make the topics `rules` and `rule-audit` where they are missing; a job needs both."""
    source: RuleSource = ctx.obj
    made = make_rule_topics(source.bootstrap, source.prefix, replication)
    make_console().print(f"made {', '.join(made)}" if made else "both are there")


def add_to(app: typer.Typer) -> None:
    """Add these commands to those that read."""
    for command in (publish, rollback, sync):
        app.command()(command)
    app.command("create-topics")(create_topics)


def said(entry: LedgerEntry) -> str:
    """What an entry says, in words."""
    record = entry.record
    if isinstance(record, RuleChange):
        values = [f"{name}={value}" for name, value in record.parameters.items()]
        return ", ".join([record.mode, *values])
    if isinstance(record, Snooze):
        return f"snoozed until {_iso(record.until_ms)} (event time)"
    return "snooze ended" if "|" in entry.key else "as in the parameter file"


def _tell(published: Iterable[Published], wait_s: float) -> None:
    """Print what became of each change; ends with 1 where the job refused one."""
    console = make_console()
    refused = False
    for each in published:
        entry = each.entry
        console.print(
            f"[bold]{entry.key}[/] version {entry.version}: {said(entry)}", soft_wrap=True
        )
        console.print(f"  change {entry.change_id}, published", soft_wrap=True)
        if each.refusal is not None:
            refused = True
            console.print(f"  [red]refused by the job[/]: {escape(each.refusal)}", soft_wrap=True)
        elif each.taken is not None:
            console.print(f"  {each.taken}", soft_wrap=True)
        elif wait_s:
            console.print(f"  no job has said within {wait_s:g} s that it took it", soft_wrap=True)
    if refused:
        raise typer.Exit(REFUSED_EXIT_CODE)


def _snoozes(
    named: Iterable[tuple[Literal["card", "merchant"], str | None]],
    until_ms: int | None,
    note: str,
) -> list[Draft]:
    return [SnoozeDraft(kind, name, until_ms, note) for kind, name in named if name]


def _until_ms(until: str | None, for_: str | None) -> int:
    if (until is None) == (for_ is None):
        raise SettingsError("a snooze needs an end: --until 2026-12-01T00:00:00Z or --for 24h")
    try:
        if for_ is not None:
            return time.time_ns() // _NANOS_PER_MS + parse_duration_ms(for_)
        instant = datetime.fromisoformat(until or "")
    except (argparse.ArgumentTypeError, ValueError) as error:
        raise SettingsError(f"--until, --for: {error}") from None
    if instant.tzinfo is None:
        raise SettingsError(f"--until {until!r} has no time zone; add Z")
    return round(instant.timestamp() * 1000)


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000).astimezone().isoformat(timespec="seconds")
