"""The language of segments, and segments.toml."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.audience.segments import load_segments, parse_expression
from newsletter.errors import Problem, SegmentError
from tests.audience.make import make_person

ANNA = make_person(
    "Anna@Uni.soci.example",
    "members",
    "press",
    interests="China|research; funding",
    country="IT",
    age="41,5",
    joined="2019-11-15",
    name="Anna Rossi",
)


@pytest.mark.parametrize(
    "text",
    [
        '"china" in interests',
        '"canada" not in interests and "china" in interests',
        'country == "IT"',
        'country in ("IT", "CH")',
        'country in {"IT"} or country in ["FR"]',
        'country != "FR"',
        "number(age) > 41",
        "40 < number(age) <= 41.5",
        "number(age) > -1",
        'date(joined) < date("2020-01-01")',
        '"members" in lists and "press" in lists',
        'email == "anna@uni.soci.example"',
        'domain == "uni.soci.example"',
        '"soci" in domain',
        'starts(name, "Anna") and ends(domain, ".example") and contains(name, " ")',
        'lower(name) == "anna rossi"',
        "country and not timezone",
        "interests and not tags",
        "True",
        "( country\n == 'IT' )",
        "number(country) != 1",
        "not number(country) == 1",
    ],
)
def test_an_expression_holds(text: str) -> None:
    assert parse_expression(text, ["age", "joined"]).matches(ANNA)


@pytest.mark.parametrize(
    "text",
    [
        '"canada" in interests',
        "number(country) < 1 or number(country) >= 1",
        'date(country) < date("2020-01-01")',
        'timezone == "Europe/Rome"',
        'email == "Anna@Uni.soci.example"',
        "False",
    ],
)
def test_an_expression_does_not_hold(text: str) -> None:
    assert not parse_expression(text).matches(ANNA)


def problems_of(text: str) -> tuple[Problem, ...]:
    with pytest.raises(SegmentError) as caught:
        parse_expression(text, ["age", "joined"])
    return caught.value.problems


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 1, "empty"),
        ("   ", 1, "empty"),
        ('"china" in', 11, "does not parse"),
        ('country = "IT"', 9, "does not parse"),
        ('country == "IT', 12, "does not parse"),
        ("country && age", 10, "does not parse"),
        ('"china" in intrests', 12, "did you mean `interests`?"),
        ('"è" in interests and foo', 22, "there is no field `foo`"),
        ('"a" < 3', 1, "neither smaller nor larger"),
        ("age > 18", 1, "neither smaller nor larger"),
        ("age == 18", 1, "never the same"),
        ('interests == "china"', 1, "never the same"),
        ("interests in country", 1, "cannot be in"),
        ('"China" in interests', 1, "small letters"),
        ('"a" in (1, 2)', 1, "cannot be in"),
        ('country in ("a", 1)', 12, "of one kind"),
        ("country in ()", 12, "of one kind"),
        ("country in (age,)", 12, "of one kind"),
        ('country == "IT" == "FR"', 12, "in a chain"),
        ('country == "IT" or "FR"', 20, "always true"),
        ("3", 1, "always true"),
        ("number(age)", 1, "no condition"),
        ("starts(country)", 1, "takes 2 values, not 1"),
        ("lower()", 1, "1 value, not 0"),
        ("number(3)", 8, "takes a text"),
        ("start(country)", 1, "did you mean `starts`?"),
        ("lower", 1, "is a function"),
        ('date("2026-13-01") < date(joined)', 6, "not a date"),
        ('segment("nobody")', 9, "no segment `nobody`"),
        ("segment(country)", 9, "a name in quotes"),
        ("country is age", 1, "`is`"),
        ("country # note", 9, "comment"),
        ('country in ("IT")', 13, "one text, not a row"),
        ('lower(country) not in "it"', 23, "one text, not a row"),
        ("x" * 1_001, 1, "1,001 characters"),
        ("not " * 40 + "country", 121, "nested too deep"),
    ],
)
def test_a_mistake_is_shown_at_its_column(text: str, column: int, message: str) -> None:
    problem = problems_of(text)[0]
    assert message in problem.message
    assert (problem.line, problem.column) == (1, column)
    assert problem.source == text


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ('country = "IT"', "write =="),
        ('country <> "IT"', "write !="),
        ("country && age", "write and"),
        ("country || age", "write or"),
        ('country == "IT" AND age', "write and"),
        ("!country", "write not"),
        ("country == “IT”", "straight quotes"),
        ('country == "IT" 3', "write for example"),
    ],
)
def test_a_sign_of_another_language_is_told_ours(text: str, cure: str) -> None:
    assert cure in problems_of(text)[0].cure


@pytest.mark.parametrize(
    "text",
    [
        "email.__class__",
        "().__class__.__bases__[0].__subclasses__()",
        "(lambda: 1)()",
        "[x for x in lists]",
        "lists[0]",
        "country + age",
        "f'{country}'",
        "country if age else name",
        "(x := 1)",
        "b'a' == country",
        "None",
        "...",
        "2 ** 99",
        "~1",
        "lower(*lists)",
        "lower(**{})",
        "__builtins__",
        "_person",
        "await country",
        "lower.__globals__",
        "{**lists}",
        "'a' 'b' % 1",
        "1j",
    ],
)
def test_what_is_not_in_the_language_is_refused(text: str) -> None:
    assert problems_of(text)


@pytest.mark.parametrize(
    "text", ['__import__("os")', 'eval("1")', 'open("x")', "globals()", "print(country)"]
)
def test_no_built_in_can_be_called(text: str) -> None:
    assert "there is no function" in problems_of(text)[0].message


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("abin()[]{}\"'<>=!., _#\\\n09éü") | st.characters(), max_size=60))
def test_any_text_is_an_expression_or_a_segment_error(text: str) -> None:
    try:
        segment = parse_expression(text)
    except SegmentError:
        return
    assert segment.matches(ANNA) in {True, False}


CELL = st.one_of(st.text(max_size=20), st.sampled_from(["inf", "nan", "1e999", "²", "1_0", "٣"]))


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(CELL, CELL)
def test_no_person_makes_an_expression_fail(age: str, interests: str) -> None:
    text = (
        'number(age) > 1 or date(age) == date("2020-01-01") or "a" in interests or age in ("x", "")'
    )
    segment = parse_expression(text, ["age"])
    person = make_person(age=age, interests=interests)
    assert segment.matches(person) == any(clause.holds for clause in segment.explain(person)[1:])


def test_every_mistake_comes_at_once() -> None:
    assert [problem.column for problem in problems_of("foo and bar or lower()")] == [1, 9, 16]


def test_an_explanation_goes_from_the_whole_to_its_parts() -> None:
    segment = parse_expression('"china" in interests and not (country == "IT" or age)', ["age"])
    assert [(each.depth, each.text, each.holds) for each in segment.explain(ANNA)] == [
        (0, '"china" in interests and not (country == "IT" or age)', False),
        (1, '"china" in interests', True),
        (1, 'not (country == "IT" or age)', False),
        (2, 'country == "IT" or age', True),
        (3, 'country == "IT"', True),
        (3, "age", True),
    ]


def write(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "segments.toml"
    path.write_text(content, encoding="utf-8")
    return path


def test_segments_are_read_in_order_and_may_use_each_other(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
asia = 'segment("china") and country != "US"'
china = '"china" in interests'
[friends]
expression = "not segment('asia')"
description = "Everyone else."
""",
    )
    segments = load_segments(path, [])
    assert list(segments) == ["asia", "china", "friends"]
    assert [each.matches(ANNA) for each in segments.values()] == [True, True, False]
    assert segments["friends"].description == "Everyone else."
    assert [each.line for each in segments.values()] == [2, 3, 4]
    assert parse_expression('segment("china")', [], segments).matches(ANNA)


def test_no_file_means_no_segments(tmp_path: Path) -> None:
    assert load_segments(tmp_path / "segments.toml", []) == {}


@pytest.mark.parametrize(
    ("content", "line", "column", "message"),
    [
        ("# è\na = '\"x\" in intrests'", 2, 13, "did you mean `interests`?"),
        ('a = "\\"è\\" in tags and foo"', 1, 24, "no field `foo`"),
        ("[a]\nexpression = '''\n  country and\n foo'''", 4, 2, "no field `foo`"),
        ('[a]\nexpression = """\ncountry and \\\n  foo"""', 4, 3, "no field `foo`"),
        ("a = 3", 1, 1, "an expression in quotes"),
        ("[a]\ndescription = 'x'", 1, 1, "an expression in quotes"),
        ("[a]\nexpression = 'country'\ndescripton = 'x'", 3, 1, "did you mean `description`?"),
        ("A-b = 'country'", 1, 1, "not a segment's name"),
        ("a = 'segment(\"a\")'", 1, 1, "in a circle: a → a"),
        ("a = 'segment(\"b\")'\nb = 'segment(\"a\")'", 2, 1, "in a circle: a → b → a"),
        ("china = 'country'\na = 'china'", 2, 6, "`china` is a segment"),
        ("a = 'x' 3", 1, 9, "not TOML"),
        ("a = 'country'\na = 'country'", 2, 1, "written twice"),
        ("a = 'country =='", 1, 16, "does not parse"),
    ],
)
def test_a_mistake_in_the_file_is_shown_at_its_place(
    tmp_path: Path, content: str, line: int, column: int, message: str
) -> None:
    with pytest.raises(SegmentError) as caught:
        load_segments(write(tmp_path, content), [])
    (problem,) = caught.value.problems
    assert message in problem.message
    assert (problem.line, problem.column) == (line, column)
    assert problem.source == content.splitlines()[line - 1]


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "segments.toml"
    path.write_bytes(b"a = '\xe8'")
    with pytest.raises(SegmentError, match="not UTF-8"):
        load_segments(path, [])


@pytest.mark.slow
@pytest.mark.parametrize("order", [1, -1])
def test_a_chain_of_segments_may_have_twenty_and_no_more(tmp_path: Path, order: int) -> None:
    def write(count: int) -> Path:
        lines = ["s0 = 'name'"]
        lines += [f"s{at} = 'segment(\"s{at - 1}\")'" for at in range(1, count)]
        path = tmp_path / "segments.toml"
        path.write_text("\n".join(lines[::order]))
        return path

    assert load_segments(write(20), ())["s19"].matches(ANNA)
    with pytest.raises(SegmentError) as caught:
        load_segments(write(21), ())
    assert ["more than 20 segments" in each.message for each in caught.value.problems] == [True]
    with pytest.raises(SegmentError):
        load_segments(write(2000), ())


def test_a_description_that_is_no_string_is_told_at_its_line(tmp_path: Path) -> None:
    path = tmp_path / "segments.toml"
    path.write_text('[a]\nexpression = "name"\ndescription = 3\n')
    with pytest.raises(SegmentError) as caught:
        load_segments(path, ())
    assert [(each.line, each.message) for each in caught.value.problems] == [
        (3, "a description is a string in quotes")
    ]
