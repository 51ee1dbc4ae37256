"""The options of what comes back: [feedback], its mailboxes and its web hooks."""

from typing import Literal

from pydantic import Field, SecretStr

from newsletter.settings.kinds import FilePlace, Line, Options


class ImapOptions(Options):
    """A folder on an IMAP server (needs newsletter[imap])."""

    host: Line = Field(description="Name of the server.")
    port: int | None = Field(
        default=None, ge=1, le=65535, description="By default 993 (tls) or 143."
    )
    username: Line = Field(description="The login.")
    password: SecretStr | None = Field(
        default=None,
        description="Set it as NEWSLETTER_FEEDBACK__IMAP__PASSWORD (or NEWSLETTER_STAGING__…)"
        " or in .env, never in git.",
    )
    folder: Line = Field(default="INBOX", description="The folder that is read.")
    security: Literal["tls", "starttls", "none"] = Field(
        default="tls", description="none is refused off loopback unless insecure = true."
    )
    insecure: bool = Field(default=False, description="Allows plain text off this machine.")
    ca_file: FilePlace | None = Field(
        default=None, description="Certificates to trust instead of the system's (PEM)."
    )
    timeout: float = Field(default=60, gt=0, description="Seconds to wait for each answer.")


class WebhookOptions(Options):
    """Web hooks of mail services, at /hooks/NAME of `newsletter serve`; each is off until set."""

    postmark: SecretStr | None = Field(
        default=None,
        description="user:password, as in the hook's address, from the environment.",
    )
    mailgun: SecretStr | None = Field(
        default=None, description="The HTTP webhook signing key, from the environment."
    )
    brevo: SecretStr | None = Field(
        default=None, description="The token (Bearer), or user:password, from the environment."
    )
    sendgrid: Line | None = Field(
        default=None, description="The verification key of the signed event webhook."
    )
    ses_topic: Line | None = Field(
        default=None, description="The ARN of the SNS topic that SES publishes to."
    )
    ses_certificate: FilePlace | None = Field(
        default=None,
        description="SNS's signing certificate (PEM); by default it is fetched from Amazon.",
    )


class FeedbackOptions(Options):
    """What comes back: where `bounces fetch` reads it, and when it silences an address."""

    maildir: FilePlace | None = Field(
        default=None, description="A Maildir; what was understood in it becomes seen."
    )
    mbox: FilePlace | None = Field(default=None, description="An mbox file; it is only read.")
    imap: ImapOptions | None = Field(default=None, description="A folder on an IMAP server.")
    soft_limit: int = Field(
        default=4,
        ge=0,
        description="Messages that bounce softly, or that the relay refuses, within the window"
        " before an address is no longer mailed; 0: never for that.",
    )
    window_days: int = Field(
        default=180, ge=1, le=3_650, description="How many days back bounces are counted."
    )
