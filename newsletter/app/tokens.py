"""The keys of what readers click, from the newsletter's secrets."""

from newsletter.app.open import App
from newsletter.errors import UsageError
from newsletter.unsubscribe import TokenKeys


def token_keys(app: App) -> TokenKeys:
    """The keys of this newsletter's unsubscribe links: what older secrets signed still works."""
    current, *previous = (each.decode() for each in app.secrets())
    try:
        return TokenKeys.of(app.settings.sender.list_id, current, previous)
    except ValueError as error:
        cure = "choose another NEWSLETTER_SECRET"
        raise UsageError(str(error), cure=cure) from error
