"""The slash-commands that every Tertulia has: one row each.

To add one, add a row here and its handler to the module of its noun. Everything that lists
commands (`/help`, suggestions, completion, the reference page) is made from these rows.
"""

from __future__ import annotations

from typing import Final

from tertulia.core.errors import N_
from tertulia.slash import chat, history, messages, people, rooms
from tertulia.slash.registry import Group, Registry, Row, ServerRole

BUILTIN: Final = (
    Row(
        "rooms",
        ("list", "salas"),
        usage=N_("/rooms [WORD]"),
        help=N_("Lists the rooms, or those about WORD."),
        group=Group.ROOMS,
        handler=rooms.rooms,
    ),
    Row(
        "join",
        ("j", "ir", "participar", "unirse"),
        usage=N_("/join ROOM"),
        help=N_("Takes you into a room, or back to one of yours."),
        group=Group.ROOMS,
        handler=rooms.join,
    ),
    Row(
        "leave",
        ("part", "deixar", "dejar"),
        usage=N_("/leave [ROOM]"),
        help=N_("Leaves ROOM, or the one you talk in."),
        group=Group.ROOMS,
        handler=rooms.leave,
    ),
    Row(
        "create",
        ("criar", "crear"),
        usage=N_("/create ROOM [TOPIC]"),
        help=N_("Makes a room, which you then own."),
        group=Group.ROOMS,
        handler=rooms.create,
    ),
    Row(
        "close",
        ("fechar", "cerrar"),
        usage=N_("/close ROOM"),
        help=N_("Deletes a room that you own, for everybody."),
        group=Group.ROOMS,
        handler=rooms.close,
    ),
    Row(
        "topic",
        ("assunto", "tópico", "tema"),
        usage=N_("/topic [TEXT]"),
        help=N_("Shows the topic, or sets it; a - removes it."),
        group=Group.ROOMS,
        handler=rooms.topic,
    ),
    Row(
        "users",
        ("usuários", "utilizadores", "names", "who"),
        usage=N_("/users [ROOM]"),
        help=N_("Lists who is in the room."),
        group=Group.ROOMS,
        handler=rooms.users,
    ),
    Row(
        "msg",
        ("m", "w", "tell", "dm", "mensagem", "mensaje"),
        usage=N_("/msg NICK TEXT"),
        help=N_("Writes to one person; kept if they are not here."),
        group=Group.MESSAGES,
        handler=messages.msg,
    ),
    Row(
        "reply",
        ("r", "responder"),
        usage=N_("/reply TEXT"),
        help=N_("Writes to the person you last wrote with."),
        group=Group.MESSAGES,
        handler=messages.reply,
    ),
    Row(
        "me",
        ("eu", "yo"),
        usage=N_("/me TEXT"),
        help=N_("Tells what you do, such as: * ana waves."),
        group=Group.MESSAGES,
        handler=messages.me,
    ),
    Row(
        "history",
        ("histórico", "historial"),
        usage=N_("/history [N] [#SEQ]"),
        help=N_("Shows the last N messages, or N before #SEQ."),
        group=Group.MESSAGES,
        handler=history.history,
    ),
    Row(
        "search",
        ("find", "buscar", "procurar", "pesquisar"),
        usage=N_("/search WORDS"),
        help=N_("Finds messages in the rooms you are in."),
        group=Group.MESSAGES,
        handler=history.search,
    ),
    Row(
        "edit",
        ("editar",),
        usage=N_("/edit [#SEQ] TEXT"),
        help=N_("Changes your last message, or your #SEQ."),
        group=Group.MESSAGES,
        handler=messages.edit,
    ),
    Row(
        "delete",
        ("apagar", "borrar", "eliminar"),
        usage=N_("/delete [#SEQ]"),
        help=N_("Deletes your last message, or your #SEQ."),
        group=Group.MESSAGES,
        handler=messages.delete,
    ),
    Row(
        "react",
        ("reagir", "reaccionar"),
        usage=N_("/react EMOJI [#SEQ]"),
        help=N_("Reacts to somebody's last message, or to #SEQ."),
        group=Group.MESSAGES,
        handler=messages.react,
    ),
    Row(
        "unreact",
        ("retirar",),
        usage=N_("/unreact EMOJI [#SEQ]"),
        help=N_("Takes your reaction back."),
        group=Group.MESSAGES,
        handler=messages.unreact,
    ),
    Row(
        "nick",
        ("entrar", "nome", "nombre", "apelido", "apodo"),
        usage=N_("/nick [NAME]"),
        help=N_("Gives you another name, or tells yours."),
        group=Group.PEOPLE,
        handler=people.nick,
    ),
    Row(
        "whois",
        ("quem", "quién"),
        usage=N_("/whois NICK"),
        help=N_("Tells who somebody is."),
        group=Group.PEOPLE,
        handler=people.whois,
    ),
    Row(
        "away",
        ("ausente",),
        usage=N_("/away [TEXT]"),
        help=N_("Tells the others that you are away."),
        group=Group.PEOPLE,
        handler=people.away,
    ),
    Row(
        "back",
        ("voltei", "volví"),
        usage=N_("/back"),
        help=N_("Tells the others that you are here again."),
        group=Group.PEOPLE,
        handler=people.back,
    ),
    Row(
        "ignore",
        ("ignorar",),
        usage=N_("/ignore [NICK]"),
        help=N_("Hides what somebody says, or lists whom."),
        group=Group.PEOPLE,
        handler=people.ignore,
    ),
    Row(
        "unignore",
        ("designorar",),
        usage=N_("/unignore NICK"),
        help=N_("Shows again what somebody says."),
        group=Group.PEOPLE,
        handler=people.unignore,
    ),
    Row(
        "help",
        ("?", "h", "ajuda", "ayuda"),
        usage=N_("/help [WORD]"),
        help=N_("Lists the commands, or tells about one."),
        group=Group.CHAT,
        handler=chat.help,
    ),
    Row(
        "lang",
        ("language", "idioma", "língua"),
        usage=N_("/lang [CODE]"),
        help=N_("Speaks English, português or español with you."),
        group=Group.CHAT,
        handler=chat.lang,
    ),
    Row(
        "time",
        ("hora",),
        usage=N_("/time"),
        help=N_("Tells the time of the chat."),
        group=Group.CHAT,
        handler=chat.time,
    ),
    Row(
        "quit",
        ("q", "exit", "bye", "sair", "salir"),
        usage=N_("/quit [TEXT]"),
        help=N_("Leaves the chat, with a last word if you like."),
        group=Group.CHAT,
        handler=chat.quit,
    ),
    Row(
        "shutdown",
        ("desligar", "detener"),
        usage=N_("/shutdown"),
        help=N_("Ends the chat for everybody."),
        group=Group.CHAT,
        handler=chat.shutdown,
        role=ServerRole.OPERATOR,
        gateway_decides=True,
    ),
)


def builtin() -> Registry:
    """Return the registry of these rows."""
    return Registry(BUILTIN)
