"""Edition to MIME, once per variant; then only slots are filled.

``compile_message`` encodes a variant's page and headers; ``CompiledMessage.fill`` puts one
reader's values between the encoded segments. No template engine and no parser runs at the fill,
so whatever a value holds is text. ``Filler`` does the same for a whole campaign, in less time.
``body_text`` and ``header_text`` are what becomes of a value.
"""

from newsletter.message.compiled import CompiledMessage, Context, SlotPlace
from newsletter.message.compiler import compile_message
from newsletter.message.counting import LINK, OPENS, Counting, counted_in, settled, with_counted
from newsletter.message.embedding import EmbeddedImage
from newsletter.message.filling import Common, Filler
from newsletter.message.headers import date_line, header_text
from newsletter.message.quoted import body_text

__all__ = [
    "LINK",
    "OPENS",
    "Common",
    "CompiledMessage",
    "Context",
    "Counting",
    "EmbeddedImage",
    "Filler",
    "SlotPlace",
    "body_text",
    "compile_message",
    "counted_in",
    "date_line",
    "header_text",
    "settled",
    "with_counted",
]
