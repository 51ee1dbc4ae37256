"""A folder on an IMAP server, as the settings name it."""

from newsletter.app.open import App
from newsletter.feedback.imap import Account
from newsletter.settings.feedback import ImapOptions


def account_of(app: App, options: ImapOptions, table: str = "feedback.imap") -> Account:
    """How to reach it; a relative path counts from the newsletter's folder."""
    return Account(
        host=options.host,
        username=options.username,
        password=options.password.get_secret_value() if options.password else "",
        folder=options.folder,
        port=options.port,
        security=options.security,
        insecure=options.insecure,
        ca_file=app.root / options.ca_file if options.ca_file else None,
        timeout=options.timeout,
        table=table,
    )
