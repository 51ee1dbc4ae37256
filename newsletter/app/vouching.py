"""Who vouches for the mail. Without keys nothing of OpenSSL is loaded."""

from newsletter.app.open import App
from newsletter.dispatch.identity import Signs


def signer_of(app: App) -> Signs | None:
    """Signs with the settings' key, else with those of the ring; None where there is neither.

    ``SigningError`` for a key that is missing, not private, or none that DKIM knows.
    """
    if not _may_have_keys(app):
        return None
    from newsletter.app.key_ring import signing_keys
    from newsletter.signing import Signer

    keys = signing_keys(app)
    return Signer(keys, frozenset(app.settings.dkim.spare)) if keys else None


def signed_in_words(app: App) -> str:
    """Who signs with what, in words; or nothing. ``SigningError`` as ``signer_of``."""
    if not _may_have_keys(app):
        return ""
    from newsletter.app.key_ring import signing_keys

    keys = signing_keys(app)
    named = " and ".join(f"{key.selector} ({key.algorithm})" for key in keys)
    return f"{keys[0].domain}, {named}" if keys else ""


def _may_have_keys(app: App) -> bool:
    return bool(app.settings.dkim.selector) or (app.state_folder / "keys").exists()
