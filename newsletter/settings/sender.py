"""The options that say who the mail is from, what signs it, and whom `doctor` asks."""

from typing import Literal

from pydantic import Field, SecretStr, model_validator

from newsletter.settings.kinds import (
    BounceAddress,
    Domain,
    EmailAddress,
    FeedbackId,
    FilePlace,
    Help,
    IpAddress,
    LanguageTag,
    Line,
    ListId,
    Options,
    Resolver,
    Said,
    Selector,
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


class DkimOptions(Options):
    """Keys that sign the mail, where `newsletter keys` does not keep them."""

    domain: Domain | None = Field(
        default=None, description="The domain that signs (d=); by default the sender's."
    )
    selector: Selector | None = Field(
        default=None, description="The name of the key in key or key_file (s=)."
    )
    key: SecretStr | None = Field(
        default=None,
        description="A private key in PEM: NEWSLETTER_DKIM__KEY or in .env, never in git.",
    )
    key_file: FilePlace | None = Field(
        default=None, description="A private key's file, mode 0600, outside what git keeps."
    )
    spare: tuple[Literal["Date", "Message-ID"], ...] = Field(
        default=(), description="Headers that your relay rewrites after us, left unsigned."
    )

    @model_validator(mode="after")
    def _selector_and_key(self) -> "DkimOptions":
        given = [self.key, self.key_file]
        if bool(self.selector) != any(each is not None for each in given):
            message = "selector and a key (key or key_file) go together; or leave both out"
            raise ValueError(message)
        if all(each is not None for each in given):
            message = "key and key_file are two keys: leave one out"
            raise ValueError(message)
        return self


class DoctorOptions(Options):
    """Whom `doctor` asks."""

    resolver: Resolver = Field(
        default="", description="The DNS server: 192.0.2.1 or with a port; by default the system's."
    )
    sends_from: tuple[IpAddress, ...] = Field(
        default=(),
        description="The addresses from which your relay sends to the world; by default its own.",
    )
