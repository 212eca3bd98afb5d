"""The example file: every setting with its default and its sentence, made from the fields.

`python -m tertulia.config.example` prints it; the copy in the root is held to it by a test.
"""

from __future__ import annotations

import sys
import textwrap

import msgspec

from tertulia.config.schema import Section, Setting, sections

_HEAD = """\
# Every setting of Tertulia, with its default and what it is for.
#
#   tertulia serve --config tertulia.toml
#
# Any of them can also be given in the environment, with two underscores for each dot:
#
#   TERTULIA_DOORS__LINE__MAX_SESSIONS=10 tertulia serve
#
# or on the command line, which wins over the environment, which wins over the file:
#
#   tertulia serve --set doors.line.max_sessions=10
"""


def example_toml() -> str:
    """Return the example file's text."""
    return "\n".join((_HEAD, *(_section(section) for section in sections())))


def _section(section: Section) -> str:
    settings = "\n".join(_setting(setting) for setting in section.settings)
    return f"{_comment(section.sentence)}\n[{section.path}]\n\n{settings}"


def _setting(setting: Setting) -> str:
    name = setting.path.rpartition(".")[2]
    value = msgspec.json.encode(setting.default).decode()
    sentence = setting.sentence
    if setting.expected.startswith("one of"):
        sentence = f"{sentence.rstrip('.')} ({setting.expected})."
    return f"{_comment(sentence)}\n{name} = {value}\n"


def _comment(text: str) -> str:
    return "\n".join(f"# {line}" for line in textwrap.wrap(text, 96))


if __name__ == "__main__":
    sys.stdout.write(example_toml())
