"""The places of a TOML file's keys: whatever ``tomllib`` reads is found where it stands."""

import re
import tomllib
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.toml_places import WrittenTwice, map_places

STRINGS = r'''a = """
[x]
b = \""""""
b = 'b'
c = '[q]' # [r]
d = "\"" # s'''
PLACES = {
    "an inline table in an array": (
        'a = [{ x = 1 }, { "è" = 2 }]\n',
        {"a.1": '{ "è"', "a.1.è": '"è"'},
    ),
    "an array over several lines": (
        "a = [\n  1, # [2]\n  [ 3 ],\n]\nb = 1",
        {"a.0": "1, #", "a.1": "[ 3", "a.1.0": "3 ]", "b": "b ="},
    ),
    "a dotted key": ("a . b.c = 1\n", {"a": "a .", "a.b": "b.c", "a.b.c": "c ="}),
    "a dotted key in an inline table": ("a = { b.c = 1 }", {"a.b": "b.c", "a.b.c": "c ="}),
    "a quoted key": ("\"a.b\" = 1\n'c' = 2\n", {"a.b": '"a.b"', "c": "'c'"}),
    "a key with an escape": ('x = 1\n"\\u0061\\"" = 1', {'a"': '"\\u'}),
    "a table": ("x = 1\n  [ a . b ]\nc = 1", {"a": "[ a", "a.b": "[ a", "a.b.c": "c ="}),
    "a table whose header comes later": ("[a.b]\nx = 1\n[a]\ny = 1", {"a.b": "[a.b]", "a": "[a]"}),
    "tables in an array": (
        "[[a]]\n[[a.b]] #1\n[[a.b]] #2\nx = 1\n[[a]] #2\n[a.c]\ny = 1",
        {
            "a": "[[a]]",
            "a.0": "[[a]]",
            "a.0.b": "[[a.b]] #1",
            "a.0.b.1": "[[a.b]] #2",
            "a.0.b.1.x": "x =",
            "a.1": "[[a]] #2",
            "a.1.c": "[a.c]",
            "a.1.c.y": "y =",
        },
    ),
    "strings that look like TOML": (STRINGS, {"a": "a =", "b": "b = 'b'", "c": "c =", "d": "d ="}),
    "strings in apostrophes": ("a = '''\n[a]\nb = ''''\nb = 2", {"a": "a =", "b": "b = 2"}),
    "a date with a space": (
        "a = [1979-05-27 07:32:00Z, true]\nb = 1979-05-27\nc = 1",
        {"a.1": "true", "b": "b =", "c": "c ="},
    ),
    "signs that end a line elsewhere": ('a = "\u2028\x85"\n# \u2029\nb = 1', {"b": "b ="}),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_key_is_found_where_it_stands(name: str) -> None:
    text, wanted = PLACES[name]
    tomllib.loads(text)
    spots = map_places(text)
    assert {where: spots[where].key for where in wanted} == {
        where: text.index(there) for where, there in wanted.items()
    }


TWICE = {
    "a key": ('a = """\na = 1\n"""\nb = 1\na = 2\n', "a", "a = 2"),
    "a key in an inline table": ("t = { a = 1, a = 2 }\n", "t.a", "a = 2"),
    "a key by a dotted one": ("[t]\na.b = 1\na.b = 2\n", "t.a.b", "b = 2"),
    "a table": ("[a]\nx = '''\n[a]\n'''\n[b]\n[a] #2\n", "a", "[a] #2"),
    "a table that is an array": ("[[a]]\n[a] #2\n", "a", "[a] #2"),
    "an array that is a table": ("[a]\n[[a]]\n", "a", "[[a]]"),
}


@pytest.mark.parametrize("name", TWICE)
def test_what_is_written_twice_is_found_where_it_stands_for_the_second_time(name: str) -> None:
    text, where, there = TWICE[name]
    with pytest.raises(tomllib.TOMLDecodeError):
        tomllib.loads(text)
    with pytest.raises(WrittenTwice) as caught:
        map_places(text)
    assert (caught.value.where, caught.value.at) == (where, text.index(there))


@pytest.mark.parametrize(
    "text", ['"." = 1\n[""]\n"" = 2\n', '"a.b" = 1\na.b = 2\n', '[[""]]\n[[""]]\n']
)
def test_keys_that_are_empty_or_hold_dots_are_not_taken_for_each_other(text: str) -> None:
    tomllib.loads(text)
    assert map_places(text)


KEYS = st.one_of(st.from_regex(r"\A[A-Za-z0-9_-]{1,4}\Z"), st.text("aè \"'#[]={}", max_size=4))
LEAVES = st.one_of(
    st.integers(-9, 9),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.text("ab\"'\\\n\t#[]{}=,è🎉", max_size=8),
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
)


def written(value: Any, style: int) -> str:
    """A value as TOML; the style chooses among the ways to write it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat(" " if style % 2 else "T")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return string(value, style)
    if isinstance(value, list):
        gap = "\n  # ]\n" if style % 2 else " "
        return f"[{gap}" + f",{gap}".join(written(each, style) for each in value) + f"{gap}]"
    return (
        "{ " + ", ".join(f"{string(k, 0)} = {written(v, style)}" for k, v in value.items()) + " }"
    )


def string(words: str, style: int) -> str:
    """A string, on one line or on several."""
    if style % 3 == 1:
        escaped = words.replace("\\", "\\\\").replace('"', '\\"')
        return f'"""\n{escaped}"""'
    escaped = words.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def leaves(value: Any, path: str) -> list[tuple[str, Any]]:
    """Every value that holds no other, by its path."""
    if isinstance(value, dict):
        return [each for key, inner in value.items() for each in leaves(inner, f"{path}.{key}")]
    if isinstance(value, list):
        return [each for at, inner in enumerate(value) for each in leaves(inner, f"{path}.{at}")]
    return [(path, value)]


@pytest.mark.slow
@given(st.dictionaries(KEYS, VALUES, max_size=3), st.integers(0, 5))
def test_the_value_at_each_place_is_the_one_that_tomllib_reads(
    table: dict[str, Any], style: int
) -> None:
    lines = [f"{string(key, 0)} = {written(value, style)}" for key, value in table.items()]
    text = "\n".join(["# [t]", "[t]", *lines])
    read = tomllib.loads(text)
    spots = map_places(text)
    found = leaves(read["t"], "t")
    paths = [path for path, _ in found]
    for path, value in found:
        if paths.count(path) == 1 and not re.search(r"\.\.|\.\Z", path):
            spot = spots[path]
            assert tomllib.loads(f"x = {text[spot.value : spot.end]}")["x"] == value
