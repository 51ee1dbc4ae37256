"""Every option gathered: newsletter.toml, then .env, then NEWSLETTER_ variables.

No room imports this one; the app reads it and hands each room its own options.
"""

from newsletter.settings.load import find_root, load_settings
from newsletter.settings.options import FILE_NAME, PREFIX, Settings

__all__ = ["FILE_NAME", "PREFIX", "Settings", "find_root", "load_settings"]
