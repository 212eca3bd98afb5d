"""Commands about the chat itself: help, language, time, going offline, shutting it down."""

from __future__ import annotations

from typing import Final

from tertulia.core.errors import Refused, UnknownLanguage
from tertulia.core.language import LANGUAGE_NAMES, LANGUAGES, match_language
from tertulia.core.plain import moment
from tertulia.core.text import clean_line
from tertulia.slash import page
from tertulia.slash.call import Call
from tertulia.slash.parse import Arguments

_PARTING_LENGTH: Final = 200


def help(call: Call, arguments: Arguments) -> None:
    """List the commands, or tell about one."""
    word = arguments.optional_word()
    arguments.end()
    is_operator = call.session.is_operator
    if word is None:
        call.say(*page.overview(call.registry.rows(operator=is_operator), call.catalog))
    else:
        row = call.registry.find(word.lstrip("/"), operator=is_operator)
        call.say(*page.about(row, call.catalog))


def lang(call: Call, arguments: Arguments) -> None:
    """Speak another language, or tell which one it is."""
    wanted = arguments.optional_word()
    arguments.end()
    if wanted is None:
        call.say(
            call.gettext(
                "You read {language}. This chat speaks {languages}.",
                language=LANGUAGE_NAMES[call.catalog.code],
                languages=_all_languages(),
            )
        )
        return
    code = match_language(wanted)
    if code is None:
        raise Refused(UnknownLanguage(clean_line(wanted, 32), _all_languages()))
    catalog = call.reply.set_language(code)
    text = catalog.gettext("You read {language} from now on.")
    call.say(text.format(language=LANGUAGE_NAMES[code]))


def time(call: Call, arguments: Arguments) -> None:
    """Tell the time that the chat's lines are stamped with."""
    arguments.end()
    now = moment(call.now, call.zone)
    call.say(
        call.gettext(
            "It is {time} on {date} ({zone}).",
            time=f"{now:%H:%M:%S}",
            date=f"{now:%Y-%m-%d}",
            zone=now.tzname() or "UTC",
        )
    )


def quit(call: Call, arguments: Arguments) -> None:
    """Go offline, with parting words or without."""
    call.reply.quit(clean_line(arguments.optional_text(), _PARTING_LENGTH))


def shutdown(call: Call, arguments: Arguments) -> None:
    """End the chat for everybody."""
    arguments.end()
    call.refuse(call.gateway.request_shutdown(call.session))


def _all_languages() -> str:
    return ", ".join(f"{LANGUAGE_NAMES[code]} ({code})" for code in LANGUAGES)
