"""Quick and careful reading of a list say the same of every row."""

import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from newsletter.audience.lists import load_list
from newsletter.audience.subscribers import SubscriberList
from newsletter.audience.table import Block, Table
from newsletter.values import Address

LOCAL = st.sampled_from(
    [
        "anna",
        "Anna",
        "b.c",
        "b..c",
        ".b",
        "b.",
        "",
        "o'neill",
        "+tag",
        "'+tag",
        "'",
        "info",
        "INFO",
        "x" * 65,
        "n\u00e8",
        "a b",
        "a=?b",
        "=?",
    ]
)
DOMAIN = st.sampled_from(
    ["soci.example", "SOCI.example", "gmial.com", "soci", "", "-x.example", "a@b.example", "x.1"]
)
EMAIL = st.builds("{}@{}".format, LOCAL, DOMAIN) | st.sampled_from(["", "anna", "a@b.example "])
CELL = st.sampled_from(
    [
        "",
        " ",
        "Anna",
        " Anna ",
        "\u738b",
        "\u4f1f",
        "Niccol\u00f2",
        "=1+1",
        "@x",
        "+39 06",
        "-cmd(x",
        "'=1+1",
        "''=1+1",
        "'@x",
        "' =x",
        "'t Hooft",
        "'+39 06",
        "a\u200bb",
        "a\u00adb",
        "\\",
    ]
)
LANGUAGE = st.sampled_from(["it", "IT", "fr_ca", "", "nonsense!"])
ZONE = st.sampled_from(["Europe/Rome", "", "Europe/Roma"])
QUOTED = st.sampled_from(
    ['"A, B"', '"A"', '"a ""b"" c"', ' "A"', '"A" ', '"open', 'a"b', '""', '"']
)
ROW = st.tuples(EMAIL, CELL | QUOTED, CELL, LANGUAGE, ZONE).map(lambda row: [*row])
ROWS = st.lists(ROW | ROW.map(lambda row: row[:3]) | ROW.map(lambda row: [*row, ""]), max_size=9)
OTHERS = "email,name,x,last_name,y"
COLUMNS = "email,first_name,last_name,language,timezone"


def told(found: SubscriberList) -> object:
    """All that is known of a list."""
    remarks = [(each.gravity, each.problem) for each in found.remarks]
    return list(found.subscribers), found.rows, found.duplicates, found.refused, remarks


@pytest.mark.slow
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ROWS, st.sampled_from([",", ";", "\t"]), st.sampled_from([COLUMNS, OTHERS]))
@example([["info@soci.example", "=1", "", "it", ""]] * 2, ",", COLUMNS)
def test_blocks_and_single_rows_give_the_same_list(
    tmp_path: Path, rows: list[list[str]], separator: str, columns: str
) -> None:
    path = tmp_path / "members.csv"
    lines = [columns.split(","), *rows]
    path.write_text("\n".join(separator.join(line) for line in lines), encoding="utf-8")
    quick = told(load_list(path))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Table, "blocks", Table.__iter__)
        careful = told(load_list(path))
    assert quick == careful


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(CELL | QUOTED, min_size=1, max_size=4), min_size=1, max_size=9))
def test_blocks_hold_the_records_that_come_one_by_one(rows: list[list[str]]) -> None:
    text = "a,b\n" + "\n".join(",".join(row) for row in rows)
    alone = list(Table(io.StringIO(text)))
    table = Table(io.StringIO(text))
    found = [next(iter(table))]
    for record in table.blocks():
        if isinstance(record, Block):
            found += [record.row(at) for at in range(len(record.numbers))]
        else:
            found.append(record)
    assert found == alone


@pytest.mark.slow
def test_a_list_of_many_runs_is_whole_sorted_and_merged(tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    count = 30_000
    rows = [f"r{number * 7919 % count}@soci.example,Name {number}" for number in range(count)]
    path.write_text("\n".join(["email,name", *rows, *rows[:10]]), encoding="utf-8")
    found = load_list(path)
    assert (found.rows, len(found.subscribers), found.duplicates) == (count + 10, count, 10)
    keys = [each.address.key for each in found.subscribers]
    assert keys == sorted({f"r{number}@soci.example" for number in range(count)})
    assert len(found.remarks) == 10
    assert found.remarks[0].problem.message.endswith("is there already, in line 2")


def test_a_plain_address_has_the_verdict_of_a_careful_one(tmp_path: Path) -> None:
    cells = [
        "a@soci.example",
        "A.B@SOCI.example",
        "a..b@soci.example",
        "a@x..example",
        "a@-x.example",
    ]
    cells += ["a@x-.example", "a@x.c", "a@x.example1", f"a@{'x' * 64}.example", "a@b@c.example"]
    for cell in cells:
        path = tmp_path / "members.csv"
        path.write_text(f"email\n{cell}\n", encoding="utf-8")
        found = load_list(path)
        try:
            expected = [Address.parse(cell).text]
        except ValueError:
            expected = []
        assert [each.address.text for each in found.subscribers] == expected, cell
