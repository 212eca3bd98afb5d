"""The catalogues of translations: `python tools/catalogues.py extract|update|compile|check`.

`extract` prints all texts of the source as a template, `update` brings the .po files up to it,
`compile` makes the .mo files from them, `check` tells what is not as it should be. Texts are
what the code hands to one of `KEYWORDS`. Works with Babel, which the server never needs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from string import Formatter
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCE: Final = ROOT / "src"
LOCALES: Final = SOURCE / "tertulia" / "i18n" / "locales"
TRANSLATED: Final = ("pt", "es")
KEYWORDS: Final = {"N_": None, "_": None, "gettext": None, "ngettext": (1, 2)}

_HEADER: Final = r"""# The texts of Tertulia in {name}.
msgid ""
msgstr ""
"Project-Id-Version: tertulia\n"
"Language: {code}\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: {plurals}\n"

"""

# Babel writes a date into each file; one that never changes keeps the files the same.
_NO_DATE: Final = datetime(2000, 1, 1, tzinfo=UTC)

_Texts = dict[str | tuple[str, ...], str | tuple[str, ...]]


def template() -> Catalog:
    """Return all texts of the source, untranslated, in order of the files."""
    found = Catalog()
    for path in sorted(SOURCE.rglob("*.py")):
        place = path.relative_to(SOURCE).as_posix()
        for line, text, comments, _ in extract_from_file(
            "python", path, KEYWORDS, comment_tags=("Translators:",)
        ):
            found.add(text, locations=[(place, line)], auto_comments=comments)
    return found


def po_path(code: str) -> Path:
    """Return where a language's translations are written."""
    return LOCALES / code / "LC_MESSAGES" / "tertulia.po"


def mo_path(code: str) -> Path:
    """Return where the server reads them."""
    return po_path(code).with_suffix(".mo")


def read_translations(code: str) -> Catalog:
    """Return a language's translations; none when there is no file yet."""
    path = po_path(code)
    if not path.exists():
        return Catalog(locale=code)
    with path.open("rb") as file:
        return read_po(file, locale=code)


def update() -> None:
    """Bring every language's texts up to the source; what the source has no more is dropped."""
    fresh = template()
    for code in TRANSLATED:
        po_path(code).parent.mkdir(parents=True, exist_ok=True)
        po_path(code).write_bytes(updated(code, fresh))


def updated(code: str, fresh: Catalog) -> bytes:
    """Return what a language's .po file should hold now that the texts are those of `fresh`."""
    catalog = read_translations(code)
    catalog.update(fresh, no_fuzzy_matching=True)
    return po_bytes(code, catalog)


def po_bytes(code: str, catalog: Catalog) -> bytes:
    """Return a language's .po file."""
    body = BytesIO()
    write_po(body, catalog, width=100, omit_header=True, ignore_obsolete=True, include_lineno=False)
    name = catalog.locale.get_display_name("en") if catalog.locale else code
    header = _HEADER.format(name=name, code=code, plurals=catalog.plural_forms)
    return header.encode() + body.getvalue()


def compile_all() -> None:
    """Make every language's .mo file, wherever it does not say the same already."""
    for code in TRANSLATED:
        catalog = read_translations(code)
        texts = _translated(catalog)
        if mo_path(code).exists() and _compiled(code) == texts:
            continue
        catalog.creation_date = catalog.revision_date = _NO_DATE
        # Babel would write English plurals in place of missing ones.
        for text in _texts(catalog).keys() - texts:
            catalog.delete(text)
        with mo_path(code).open("wb") as file:
            write_mo(file, catalog)


def problems() -> Iterator[str]:
    """Yield everything that is not as it should be, as sentences."""
    fresh = _texts(template())
    for code in TRANSLATED:
        catalog = read_translations(code)
        texts = _texts(catalog)
        yield from (f"{code}: not in the .po file: {text!r}" for text in fresh.keys() - texts)
        yield from (f"{code}: not in the source: {text!r}" for text in texts.keys() - fresh)
        for message in catalog:
            if message.id:
                yield from (f"{code}: {fault}: {message.id!r}" for fault in _faults(message))
        if not mo_path(code).exists() or _compiled(code) != _translated(catalog):
            yield f"{code}: the .mo file is not what the .po file says"


def check() -> None:
    """Print what is wrong, and fail if anything is."""
    found = list(problems())
    if found:
        sys.exit("\n".join([*found, "Run update, translate what is new, then run compile."]))


def extract() -> None:
    """Print the template."""
    write_po(sys.stdout.buffer, template(), width=100, include_lineno=False)


def placeholders(text: str) -> set[str]:
    """Return the names in the places that a text has for data, with their formats."""
    return {f"{name}:{spec}" for _, name, spec, _ in Formatter().parse(text) if name is not None}


def _faults(message: Message) -> Iterator[str]:
    if message.fuzzy:
        yield "fuzzy"
    ids = [message.id] if isinstance(message.id, str) else list(message.id)
    strings = [message.string] if isinstance(message.string, str) else list(message.string or ())
    if not strings or not all(strings):
        yield "not translated"
        return
    wanted = set().union(*map(placeholders, ids))
    if any(placeholders(string) != wanted for string in strings):
        yield "other placeholders"


def _compiled(code: str) -> _Texts:
    with mo_path(code).open("rb") as file:
        return _texts(read_mo(file))


def _texts(catalog: Catalog) -> _Texts:
    return {_plain(message.id): _plain(message.string or "") for message in catalog if message.id}


def _translated(catalog: Catalog) -> _Texts:
    """Return what belongs into the .mo file, which leaves out what is not translated yet."""
    doubtful = {_plain(message.id) for message in catalog if message.fuzzy}
    texts = _texts(catalog).items()
    return {text: said for text, said in texts if any(said) and text not in doubtful}


def _plain(text: str | list[str] | tuple[str, ...]) -> str | tuple[str, ...]:
    return text if isinstance(text, str) else tuple(text)


COMMANDS: Final[dict[str, Callable[[], None]]] = {
    "extract": extract,
    "update": update,
    "compile": compile_all,
    "check": check,
}

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in COMMANDS:
        sys.exit(f"usage: python {sys.argv[0]} {'|'.join(COMMANDS)}")
    COMMANDS[sys.argv[1]]()
