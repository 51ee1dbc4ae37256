"""The options that say who the mail is from: [sender] and [site]."""

from pydantic import Field

from newsletter.settings.kinds import (
    BounceAddress,
    EmailAddress,
    FeedbackId,
    Help,
    LanguageTag,
    Line,
    ListId,
    Options,
    Said,
    Site,
)


class SenderOptions(Options):
    """Who the mail is from, as readers see it."""

    name: Said = Field(description="The name in From.")
    address: EmailAddress = Field(description="The address in From, and the envelope's sender.")
    reply_to: EmailAddress | None = Field(default=None, description="Where answers go.")
    bounce_address: BounceAddress | None = Field(
        default=None,
        description="Where bounces go, as bounces+TOKEN@…, so that each names its reader; its"
        " server must deliver +addresses. By default the sender's address, without a token.",
    )
    organisation: Said = Field(description="Who publishes: the first line of the footer.")
    postal_address: tuple[Line, ...] = Field(
        min_length=1, description="The footer's postal address, a line each (CAN-SPAM, CASL)."
    )
    list_id: ListId = Field(description="The List-Id (RFC 2919): a name under a domain of yours.")
    feedback_id: FeedbackId | None = Field(
        default=None,
        description="The sender's own word in Feedback-ID; by default the List-Id's letters.",
    )
    tagline: dict[LanguageTag, Line] = Field(
        default={}, description="The line under the masthead's name, per language."
    )


class SiteOptions(Options):
    """Where images, unsubscribe pages and the view in the browser live."""

    url: Site = Field(description="The address before /u/, /images/.")
    theme: str = Field(
        default="", description="Whose masthead the public pages bear; by default the first theme."
    )
    unsubscribe_mailto: EmailAddress | None = Field(
        default=None, description="Reads unsubscribes by mail; by default the sender's address."
    )
    help: Help | None = Field(
        default=None,
        description="List-Help: a page or an address; by default where answers go.",
    )
