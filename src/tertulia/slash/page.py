"""Help, written from the rows alone: the overview, the page about one command, the reference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tertulia.core.errors import N_
from tertulia.core.language import Catalog, English, fold
from tertulia.slash.columns import pad, pairs, width, wrap
from tertulia.slash.registry import Group, Row, ServerRole


def overview(rows: Sequence[Row], catalog: Catalog) -> list[str]:
    """Return a line for each row, under the heading of its group."""
    text = catalog.gettext
    lines = [
        catalog.gettext("What you type is said in the room you are in, unless it begins with /.")
    ]
    column = max((width(text(row.usage)) for row in rows), default=0)
    for group, members in _grouped(rows):
        lines += ["", text(group.value)]
        # One column for all groups: blanks after the usage count as part of it.
        lines += pairs([(pad(text(row.usage), column), text(row.help)) for row in members])
    lines.append("")
    lines.append(catalog.gettext("/help WORD tells more about one. //text says /text."))
    return lines


def about(row: Row, catalog: Catalog) -> list[str]:
    """Return what there is to know about one row."""
    usage = catalog.gettext(row.usage)
    lines = [usage, *wrap("  ", catalog.gettext(row.help).split())]
    # The word that the usage begins with is not another word for it.
    shown = fold(usage.split()[0].removeprefix("/"))
    others = [f"/{word}" for word in row.words if fold(word) != shown]
    if others:
        lines += wrap("  " + catalog.gettext("Also:"), others, indent="    ")
    if row.role is ServerRole.OPERATOR:
        lines.append("  " + catalog.gettext("For operators."))
    return lines


def reference(rows: Sequence[Row]) -> str:
    """Return the reference page of all rows, in Markdown."""
    text = English().gettext
    lines = [
        "# Slash-commands",
        "",
        "Typed in any door. Case and accents make no difference, the beginning of a word is",
        "enough where no other command begins so, and `//text` says “/text”. Words in capitals",
        "are to be filled in; what stands in brackets may be left out. `#SEQ` is the number that",
        "`/history` shows with a message, such as `#41`.",
    ]
    for group, members in _grouped(rows):
        lines += ["", f"## {text(group.value)}", "", "| Command | What it does | Other words |"]
        lines.append("| --- | --- | --- |")
        lines += map(_reference_line, members)
    return "\n".join(lines) + "\n"


def _reference_line(row: Row) -> str:
    others = ", ".join(f"`/{word}`" for word in row.aliases)
    helped = row.help
    if row.role is ServerRole.OPERATOR:
        helped += " " + N_("For operators.")
    return " | ".join((f"| `{row.usage}`", helped, f"{others} |")).replace("  |", " |")


def _grouped(rows: Sequence[Row]) -> Iterable[tuple[Group, list[Row]]]:
    for group in Group:
        members = [row for row in rows if row.group is group]
        if members:
            yield group, members
