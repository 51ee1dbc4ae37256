"""The Jinja environment of a theme: sandboxed, strict, confined to the theme's folder."""

import datetime as dt
from collections.abc import Callable, Iterable
from pathlib import Path
from types import CodeType
from typing import Any

from jinja2 import (
    BaseLoader,
    BytecodeCache,
    Environment,
    StrictUndefined,
    TemplateNotFound,
    TemplateSyntaxError,
    pass_context,
)
from jinja2.bccache import Bucket
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from newsletter.edition import dates
from newsletter.edition.initials import initials
from newsletter.edition.prose import Typesetter
from newsletter.edition.wrap import beside, fill
from newsletter.values import Language

_MAX_TEMPLATE = 1_000_000
_LARGEST_POWER = 1_000
_LONGEST_REPEAT = 10_000
_MOST_ATTRIBUTES = 5_000
_SAFE: dict[tuple[type, str], bool] = {}
_PLAIN = frozenset({str, Markup, bool, int, dt.date, tuple, type(None)})


class ThemeLoader(BaseLoader):
    """Finds templates inside one folder and nowhere else, links that lead out included."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._found: dict[Path, bytes] = {}

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        """The template's text; ``TemplateNotFound`` when it is missing or outside the folder."""
        del environment
        path = (self._folder / template).resolve()
        if not path.is_relative_to(self._folder) or not path.is_file():
            raise TemplateNotFound(template)
        content = path.read_bytes()
        self._found[path] = content
        try:
            text = content[:_MAX_TEMPLATE].decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            said = f"the file is not UTF-8: byte 0x{content[error.start]:02X}; save it as UTF-8"
            raise TemplateSyntaxError(said, line, template, str(path)) from error
        return text, str(path), lambda: True

    def is_current(self) -> bool:
        """Whether each template that was found so far says the same, octet for octet."""
        try:
            return all(path.read_bytes() == content for path, content in [*self._found.items()])
        except OSError:
            return False


class CompiledTemplates(BytecodeCache):
    """Templates compiled once, by their file and text: a theme that is read again is quick.

    What is compiled depends on the options of ``make_environment`` too, which are always the same.
    """

    def __init__(self, most: int = 512) -> None:
        self._most = most
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give the code, where this very text was compiled before."""
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code, and no more of them than fit."""
        if len(self._codes) >= self._most:
            self._codes.clear()
        if bucket.code is not None:
            self._codes[bucket.key, bucket.checksum] = bucket.code


_COMPILED = CompiledTemplates()


_STANDING: dict[Path, Environment] = {}
_MOST_STANDING = 16


def standing_environment(folder: Path) -> Environment:
    """The environment of the theme in ``folder``, and the templates it has while none changed.

    Each is read again and compared whole, so that a change is seen however quick it was. Where
    one changed the theme gets a new environment; one in use keeps the templates it has.
    """
    home = folder.resolve()
    environment = _STANDING.get(home)
    loader = environment.loader if environment else None
    if environment and isinstance(loader, ThemeLoader) and loader.is_current():
        return environment
    if len(_STANDING) >= _MOST_STANDING:
        _STANDING.clear()
    made = _STANDING[home] = make_environment(home)
    return made


def make_environment(folder: Path) -> Environment:
    """The environment of the theme in ``folder``.

    Escaping depends on the name: on in ``*.mjml.j2`` and off in ``*.txt.j2``. (Jinja's own
    ``select_autoescape`` would leave MJML unescaped.)
    """
    environment = _Sandbox(
        loader=ThemeLoader(folder),
        autoescape=lambda name: not (name or "").endswith(".txt.j2"),
        undefined=StrictUndefined,
        finalize=_nothing_for_none,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
        bytecode_cache=_COMPILED,
    )
    environment.globals.pop("lipsum")  # made-up words have no place in a letter, nor its loops
    environment.filters.update(_FILTERS)
    return environment


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, in which no single operation makes a value of any size."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Jinja's answer; a page asks hundreds of times, and nearly always for plain values.

        What it gives of a type and a name that were found safe is given at once, unless it is
        something that can be called (the sandbox has its own way with the methods of text).
        """
        if (type(obj), attribute) in _SAFE and _SAFE[type(obj), attribute]:
            value = getattr(obj, attribute, _SAFE)
            if type(value) in _PLAIN:
                return value
        return super().getattr(obj, attribute)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Jinja's answer, which depends on the type and the name alone; a page asks 250 times."""
        known = _SAFE.get((type(obj), attr))
        if known is None:
            if len(_SAFE) >= _MOST_ATTRIBUTES:
                _SAFE.clear()
            known = _SAFE[type(obj), attr] = super().is_safe_attribute(obj, attr, value)
        return known

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Numbers are calculated with; text may be repeated a little, and is put together by ~."""
        if not _is_harmless(operator, left, right):
            message = f"{operator} would make too large a value here; put text together with ~"
            raise SecurityError(message)
        return super().call_binop(context, operator, left, right)


def _is_harmless(operator: str, left: Any, right: Any) -> bool:
    numbers = isinstance(left, int | float) and isinstance(right, int | float)
    if numbers:
        return operator != "**" or max(abs(left), abs(right)) <= _LARGEST_POWER
    if operator == "*" and isinstance(left, str) and isinstance(right, int):
        return len(left) * right <= _LONGEST_REPEAT
    return False


def _nothing_for_none(value: Any) -> Any:
    return "" if value is None else value


def _typesetter(context: Context) -> Typesetter:
    found = context.get("typesetter")
    if not isinstance(found, Typesetter):
        message = "import macros `with context`, so that filters know the language"
        raise TypeError(message)
    return found


def _language(context: Context) -> Language:
    return _typesetter(context).language


@pass_context
def _prose(context: Context, words: str | None) -> Markup:
    return _typesetter(context).prose(_nothing_for_none(words))


@pass_context
def _plain(context: Context, words: str | None, width: int = 72) -> str:
    return _typesetter(context).plain(_nothing_for_none(words), width)


@pass_context
def _typo(context: Context, words: str | None) -> str:
    shown = _typesetter(context).typo(str(_nothing_for_none(words)))
    return escape(shown) if context.eval_ctx.autoescape else shown


@pass_context
def _date_long(context: Context, date: dt.date) -> str:
    return dates.date_long(date, _language(context))


@pass_context
def _month_year(context: Context, date: dt.date) -> str:
    return dates.month_year(date, _language(context))


@pass_context
def _month_name(context: Context, date: dt.date, end: dt.date | None = None) -> str:
    return dates.month_name(date, _language(context), end)


def _wrap(text: str | None, width: int = 72, indent: int = 0) -> str:
    lines = str(_nothing_for_none(text)).split("\n")
    return "\n".join(fill(line, width, first=" " * indent) for line in lines)


@pass_context
def _columns(context: Context, figures: Iterable[Any], width: int = 72) -> str:
    typo = _typesetter(context).typo
    return beside([(typo(figure.value), typo(figure.label)) for figure in figures], width)


_FILTERS = {
    "prose": _prose,
    "plain": _plain,
    "typo": _typo,
    "date_long": _date_long,
    "month_year": _month_year,
    "month_name": _month_name,
    "day_range": dates.day_range,
    "wrap": _wrap,
    "columns": _columns,
    "initials": initials,
}
