"""From a plugin's commands to rows of the one table of slash-commands.

What is typed is read here, on the server's side, so that a misfit never reaches the plugin.
"""

from __future__ import annotations

from collections.abc import Callable

from tertulia.core.errors import Refused, Usage, WrongArgument
from tertulia.core.text import clean_line
from tertulia.declare import Declared, Misfit, Parsed, Problem
from tertulia.slash.call import Call, Reading
from tertulia.slash.parse import Arguments
from tertulia.slash.registry import Group, Row

Answer = Callable[[Declared, Call, Parsed], Reading]
"""Has a plugin carry out a command, and shows what came of it."""

_SHOWN = 32


def row_of(declared: Declared, answer: Answer) -> Row:
    """Return the row of a command that `answer` carries out."""
    usage = f"/{declared.usage.removeprefix('/')}"

    def handler(call: Call, arguments: Arguments) -> Reading:
        return answer(declared, call, _parse(declared, arguments.optional_text(), usage))

    return Row(
        declared.name,
        declared.aliases,
        usage=usage,
        help=declared.description,
        group=Group.PLUGINS,
        handler=handler,
    )


def _parse(declared: Declared, text: str, usage: str) -> Parsed:
    try:
        return declared.parse(text)
    except Misfit as misfit:
        if misfit.problem is Problem.WRONG:
            word = clean_line(misfit.word, _SHOWN)
            raise Refused(WrongArgument(word, misfit.name, usage)) from None
        raise Refused(Usage(usage)) from None
