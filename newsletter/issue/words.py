"""The words of an issue, wherever they stand in its tables: walked and mapped."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from operator import is_
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import BaseModel

from newsletter.issue.model import Translatable

_Model = TypeVar("_Model", bound=BaseModel)
_HOLDS_WORDS = (BaseModel, dict, tuple)
_MAPPED = (*_HOLDS_WORDS, str)


@dataclass(frozen=True, slots=True)
class Word:
    """One piece of text of an issue: where it stands, what it says, and what sort it is."""

    where: str
    text: str
    sort: Translatable


@cache
def sorts_of(model: type[BaseModel]) -> Mapping[str, Translatable | None]:
    """Each field of a model: what sort of words it holds, or None when it holds none.

    pydantic moves the marks of a plain field to ``metadata`` and leaves those of an optional
    one inside its union, so both are searched.
    """
    return {
        name: next(_marks([*field.metadata, field.annotation]), None)
        for name, field in model.model_fields.items()
    }


def words_of(value: object, where: str = "") -> Iterator[Word]:
    """Every word of a model and of the tables in it, in order, with its dotted place."""
    for key, inner, sort in _parts(value):
        place = f"{where}.{key}" if where else key
        if sort and isinstance(inner, str):
            yield Word(place, inner, sort)
        elif isinstance(inner, _HOLDS_WORDS):
            yield from words_of(inner, place)


def map_words(model: _Model, change: Callable[[str, Translatable], str]) -> _Model:
    """The model with every word gone through ``change``; what it leaves as it was is not copied."""
    update = {}
    for name, sort in sorts_of(type(model)).items():
        value = getattr(model, name)
        if isinstance(value, _MAPPED) and (mapped := _map(value, sort, change)) is not value:
            update[name] = mapped
    return model.model_copy(update=update) if update else model


def _map(value: Any, sort: Translatable | None, change: Callable[[str, Translatable], str]) -> Any:
    if isinstance(value, BaseModel):
        return map_words(value, change)
    if isinstance(value, dict):
        named = {key: _map(inner, sort, change) for key, inner in value.items()}
        return value if _all_same(named.values(), value.values()) else named
    if isinstance(value, tuple):
        mapped = tuple(_map(inner, sort, change) for inner in value)
        return value if _all_same(mapped, value) else mapped
    return change(value, sort) if sort and isinstance(value, str) else value


def _all_same(some: Iterable[object], others: Iterable[object]) -> bool:
    return all(map(is_, some, others))


def _parts(value: object) -> Iterator[tuple[str, object, Translatable | None]]:
    if isinstance(value, BaseModel):
        for name, sort in sorts_of(type(value)).items():
            yield name, getattr(value, name), sort
    elif isinstance(value, dict):
        yield from ((str(key), inner, None) for key, inner in value.items())
    elif isinstance(value, tuple):
        yield from ((str(index), inner, None) for index, inner in enumerate(value))


def _marks(items: list[Any]) -> Iterator[Translatable]:
    for item in items:
        if isinstance(item, Translatable):
            yield item
        elif get_origin(item) is Annotated:
            yield from _marks(list(get_args(item)[1:]))
        elif get_args(item):
            yield from _marks([inner for inner in get_args(item) if not isinstance(inner, str)])
