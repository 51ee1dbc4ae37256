"""The smallest edition, compiled."""

from newsletter.edition.model import Edition, Slot, Variant
from newsletter.message import CompiledMessage, compile_message
from newsletter.values import Language

NAME = "sLoTa1B2c3name"
OTHER = "sLoTa1B2c3other"
LINK = "sLoTa1B2c3link"
SLOTS = {
    NAME: Slot("first_name", "lettrice, lettore"),
    OTHER: Slot("organisation"),
    LINK: Slot("unsubscribe_url"),
}
VALUES = {
    "email": "anna@soci.example",
    "to_name": "Anna Rossi",
    "first_name": "Anna",
    "organisation": "Istituto di prova",
    "date": "Fri, 15 Nov 2019 09:00:00 +0100",
    "message_id": "<abc.1@soci.example>",
    "unsubscribe_url": "https://alisei.example/u/0123456789abcdef0123456789abcdef",
    "unsubscribe_mailto": "mailto:leave@alisei.example?subject=0123456789abcdef",
}


OPTIONS = {
    "sender_name": "Redazione Alisei",
    "sender_address": "news@alisei.example",
    "reply_to": "segreteria@alisei.example",
    "list_id": "soci.alisei.example",
    "list_name": "Alisei",
}


def make_edition(
    *,
    subject: str = f"{NAME}, l'assemblea è vicina",
    html: str = (
        f'<p>Gentile {NAME},</p>\n<p title="{OTHER}"><a href="{LINK}">x</a> {NAME}{NAME}</p>'
    ),
    text: str = f"Gentile {NAME},\n.un punto\nFrom qui {OTHER}\n{LINK}\n",
    language: str = "it",
) -> Edition:
    return Edition(
        variant=Variant(Language(language), ()),
        subject=subject,
        preheader="",
        html=html,
        text=text,
        slots=SLOTS,
    )


def make_compiled(edition: Edition | None = None, **changes: str) -> CompiledMessage:
    options = {**OPTIONS, **changes}
    return compile_message(
        edition or make_edition(),
        sender_name=options["sender_name"],
        sender_address=options["sender_address"],
        reply_to=options["reply_to"],
        list_id=options["list_id"],
        list_name=options["list_name"],
    )
