"""Every row of a list is imported or reported."""

import codecs
import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.audience.lists import load_list, refuse_faulty
from newsletter.audience.model import Gravity, Subscriber
from newsletter.audience.subscribers import SubscriberList
from newsletter.errors import ListError, Problem


def read(tmp_path: Path, content: str | bytes, name: str = "members.csv") -> SubscriberList:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return load_list(path)


def only(found: SubscriberList, gravity: Gravity) -> Problem:
    (problem,) = found.problems(gravity)
    assert problem.path == found.path
    return problem


def first(found: SubscriberList) -> Subscriber:
    return next(iter(found.subscribers))


def emails(found: SubscriberList) -> list[str]:
    return [each.address.text for each in found.subscribers]


def assert_counted(found: SubscriberList) -> None:
    assert found.rows == len(found.subscribers) + found.duplicates + found.refused


def test_a_clean_list_is_read_without_a_remark(tmp_path: Path) -> None:
    found = read(tmp_path, "email,first_name,last_name\nanna@soci.example,Anna,Rossi\n")
    assert found.name == "members"
    assert (found.rows, found.duplicates, found.refused) == (1, 0, 0)
    assert found.remarks == ()
    assert found.columns == ("email", "first_name", "last_name")
    (subscriber,) = found.subscribers
    assert subscriber.line == 2
    assert dict(subscriber.fields) == {
        "first_name": "Anna",
        "last_name": "Rossi",
        "name": "Anna Rossi",
    }


def test_a_chinese_name_has_the_family_name_first(tmp_path: Path) -> None:
    found = read(tmp_path, "email,first_name,last_name\nwei@soci.example,伟,王\n")
    assert first(found).fields["name"] == "王伟"


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-8", ""), ("utf-8-sig", ""), ("utf-16", "utf-16"), ("cp1252", "Windows-1252")],
)
def test_each_encoding_gives_the_same_name(tmp_path: Path, encoding: str, said: str) -> None:
    content = "email,name\nn@soci.example,Niccolò\n".encode(encoding)
    found = read(tmp_path, content)
    assert first(found).fields["name"] == "Niccolò"
    notes = found.problems(Gravity.NOTED)
    assert [said in note.message for note in notes] == [True] * bool(said)
    assert found.problems(Gravity.REFUSED, Gravity.MENDED) == ()


def test_windows_1252_names_the_first_line_that_is_not_utf8(tmp_path: Path) -> None:
    rows = "email,name\na@soci.example,Anna\nn@soci.example,Niccolò\n"
    assert only(read(tmp_path, rows.encode("cp1252")), Gravity.NOTED).line == 3


def test_rows_of_two_programs_in_one_file_are_refused_at_the_stranger(tmp_path: Path) -> None:
    ours = "email,name\na@soci.example,Niccolò\nb@soci.example,Zoë\n".encode()
    problem = only(read(tmp_path, ours + "c@soci.example,René\n".encode("cp1252")), Gravity.REFUSED)
    assert (problem.line, "line 2 is" in problem.message) == (4, True)
    assert "accents" in problem.cure


def test_capitals_before_signs_are_no_second_encoding(tmp_path: Path) -> None:
    text = "email,name\na@soci.example,«CAFÉ»\nb@soci.example,Ñ°1 – Renè”\n"
    assert only(read(tmp_path, text.encode("cp1252")), Gravity.NOTED).line == 2


@pytest.mark.slow
def test_a_letter_cut_by_a_block_of_reading_is_still_utf8(tmp_path: Path) -> None:
    content = "email,name\n" + "".join(f"r{n}@soci.example,{'è' * (n % 9)}\n" for n in range(9_000))
    assert read(tmp_path, content).remarks == ()
    late = only(read(tmp_path, content.encode() + b"x@soci.example,\xe8\n"), Gravity.REFUSED)
    assert late.line == 9_002


def test_big_endian_utf16_is_read_by_its_mark(tmp_path: Path) -> None:
    content = codecs.BOM_UTF16_BE + "email\nn@soci.example\n".encode("utf-16-be")
    assert emails(read(tmp_path, content)) == ["n@soci.example"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        ("email\nn@soci.example\n".encode("utf-16-le"), "UTF-16"),
        (b"email,name\nn@soci.example,\xe8\x81\n", "0x81"),
        (codecs.BOM_UTF16_LE + "email\nn@soci.example".encode("utf-16-le") + b"x", "middle"),
        (b"name\nAnna\n", "no column `email`"),
        (b"mail,name\na@soci.example,A\n", "found `mail`, did you mean `email`?"),
        (b"Indirizzo e-mail;Nome\n", "found `Indirizzo e-mail`, did you mean `email`?"),
        (b"name,emial\nA,a@soci.example\n", "found `emial`, did you mean `email`?"),
        (b"a@soci.example,Anna\n", "a reader's row, not a header"),
        (b"email,name,email\n", "`email` is there twice"),
        (b"email,Name,name\n", "`name` is there twice"),
        (b"email,,name\n", "has no name"),
        (b"email,lists\n", "filled by the newsletter itself"),
        (b"email,Message-ID\n", "`message_id` is filled by"),
        ("email,城市\n".encode(), "no name in the letters a to z"),
        (b"PK\x03\x04 and so on", "a spreadsheet"),
        (b'"email,name\na@soci.example,A\n', "a quote opens here"),
    ],
)
def test_a_file_that_is_no_list_is_refused_as_a_whole(
    tmp_path: Path, content: bytes, message: str
) -> None:
    found = read(tmp_path, content)
    problem = only(found, Gravity.REFUSED)
    assert message in problem.message
    assert problem.cure
    with pytest.raises(ListError) as caught:
        refuse_faulty([found])
    assert caught.value.exit_code == 2


def test_a_file_that_is_not_there_is_a_list_error(tmp_path: Path) -> None:
    with pytest.raises(ListError, match="cannot be read"):
        load_list(tmp_path / "nobody.csv")


@pytest.mark.parametrize(
    ("content", "separator"),
    [
        ("email;name\na@soci.example;A, B\n", ";"),
        ("email\tname\na@soci.example\tA, B\n", "\t"),
        ('email,name\na@soci.example,"A, B"\n', ","),
        ('sep=;\nemail;name\na@soci.example;"A, B"\n', ";"),
        ("sep=|\r\nemail|name\r\na@soci.example|A, B\r\n", "|"),
    ],
)
def test_each_separator_is_found(tmp_path: Path, content: str, separator: str) -> None:
    found = read(tmp_path, content)
    assert found.separator == separator
    assert first(found).fields["name"] == "A, B"
    assert len(found.problems(Gravity.NOTED)) == (separator != ",")


@pytest.mark.parametrize(
    ("row", "column", "message"),
    [
        (",Anna", 1, "the address is empty"),
        ("anna,Anna", 1, "has no @"),
        ("anna@soci,Anna", 1, "is not an address"),
        ("anna@@soci.example,Anna", 1, "is not an address"),
        ("a@soci.example;b@soci.example,Anna", 1, "several addresses"),
        ("a@soci.example b@soci.example,Anna", 1, "several addresses"),
        ("Anna <a@soci.example>,Anna", 1, "holds a name too"),
        ("nicolò@soci.example,Anna", 1, "not ASCII"),
        ("a=?b@soci.example,Anna", 1, "holds '=?'"),
        ("a@soci.example", 1, "1 cell, the header has 2"),
        ("a@soci.example,Anna,Rossi", 1, "3 cells, the header has 2"),
        ('a@soci.example,"Anna" Rossi', 16, "goes on after its closing quote"),
        ("a@soci.example," + "x" * 2_001, 16, "2,001 characters"),
        ("a@soci.example," + "x" * 200_000, 1, "100,000 characters"),
    ],
)
def test_a_bad_row_is_refused_with_its_place(
    tmp_path: Path, row: str, column: int, message: str
) -> None:
    found = read(tmp_path, f"email,name\nfirst@soci.example,F\n{row}\nlast@soci.example,L\n")
    problem = only(found, Gravity.REFUSED)
    assert message in problem.message
    assert (problem.line, problem.column) == (3, column)
    assert problem.where.startswith("row 2")
    assert row.startswith(problem.source)
    assert emails(found) == ["first@soci.example", "last@soci.example"]
    assert_counted(found)


def test_all_problems_of_all_lists_come_at_once(tmp_path: Path) -> None:
    one = read(tmp_path, "email,name\nanna,A\nb@soci.example\n", "one.csv")
    two = read(tmp_path, "mail\n", "two.csv")
    with pytest.raises(ListError) as caught:
        refuse_faulty([one, two])
    assert [problem.path.name for problem in caught.value.problems] == ["one.csv"] * 2 + ["two.csv"]


def test_one_stray_quote_costs_one_row(tmp_path: Path) -> None:
    rows = [f"r{number}@soci.example,Name {number}" for number in range(1_000)]
    rows[10] = 'r10@soci.example,"Name'
    found = read(tmp_path, "email,name\n" + "\n".join(rows))
    problem = only(found, Gravity.REFUSED)
    assert (problem.line, problem.column) == (12, 18)
    assert "a quote opens here" in problem.message
    assert (found.rows, len(found.subscribers), found.refused) == (1_000, 999, 1)


def test_two_stray_quotes_do_not_swallow_what_lies_between(tmp_path: Path) -> None:
    content = 'email,name\na@b.example,"A\nc@d.example,C\ne@f.example,E"\ng@h.example,"G\n'
    found = read(tmp_path, content)
    assert "c@d.example" in emails(found)
    assert [problem.line for problem in found.problems(Gravity.REFUSED)] == [2, 5]
    assert_counted(found)


def test_a_line_break_in_a_quoted_cell_becomes_a_space_and_is_said(tmp_path: Path) -> None:
    found = read(tmp_path, 'email,name,x\na@b.example,"Anna\nRossi",1\nc@d.example,C,2\n')
    assert first(found).fields["name"] == "Anna Rossi"
    problem = only(found, Gravity.MENDED)
    assert (problem.line, problem.column) == (2, 13)
    assert [each.line for each in found.subscribers] == [2, 4]


def test_the_same_address_in_another_case_is_a_duplicate_of_its_first_row(tmp_path: Path) -> None:
    content = "email,name,country\nAnna@soci.example,Anna,\nanna@SOCI.example,Annina,IT\n"
    found = read(tmp_path, content)
    problem = only(found, Gravity.MENDED)
    assert "is there already, in line 2" in problem.message
    assert (problem.line, problem.where) == (3, "row 2, email")
    assert emails(found) == ["Anna@soci.example"]
    assert first(found).fields == {"name": "Anna", "country": "IT"}
    assert_counted(found)


@pytest.mark.parametrize(
    ("raw", "kept", "message"),
    [
        ("An\u200bna", "Anna", "invisible"),
        ("\ufeffAnna", "Anna", "invisible"),
        ("Anna\x00", "Anna", "control"),
        ("An\x1b[31mna", "An [31mna", "control"),
        ("\u202eannA", "annA", "bidi"),
        ("An\u2028na", "An na", "control"),
    ],
)
def test_what_nobody_sees_in_a_name_is_removed_and_said(
    tmp_path: Path, raw: str, kept: str, message: str
) -> None:
    found = read(tmp_path, f"email,name\na@soci.example,{raw}\n")
    assert first(found).fields["name"] == kept
    problem = only(found, Gravity.MENDED)
    assert message in problem.message
    assert problem.where == "row 1, name"
    assert "\x1b" not in problem.source


def test_a_zero_width_space_in_an_address_is_removed_and_said(tmp_path: Path) -> None:
    found = read(tmp_path, "email\na@soci.example\u200b\n")
    assert emails(found) == ["a@soci.example"]
    assert "invisible" in only(found, Gravity.MENDED).message


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "+cmd|calc", "-HYPERLINK(A1)", "\t=A1"])
def test_a_formula_is_kept_as_text_and_said(tmp_path: Path, cell: str) -> None:
    found = read(tmp_path, f"email;name\na@soci.example;{cell}\n")
    assert "is a formula" in only(found, Gravity.MENDED).message
    assert first(found).fields["name"] == cell.strip()


@pytest.mark.parametrize("cell", ["+39 06 1234", "-", "-5", "a=b"])
def test_a_number_with_a_sign_is_no_formula(tmp_path: Path, cell: str) -> None:
    found = read(tmp_path, f"email,phone\na@soci.example,{cell}\n")
    assert found.remarks == ()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("anna@gmial.com,,", "did you mean anna@gmail.com?"),
        ("info@soci.example,,", "belongs to an office"),
        ("anna@soci.example,italiano,", "not a language tag"),
        ("anna@soci.example,,Europe/Roma", "did you mean 'Europe/Rome'?"),
    ],
)
def test_what_is_odd_is_noted_and_imported(tmp_path: Path, row: str, message: str) -> None:
    found = read(tmp_path, f"email,language,timezone\n{row}\n")
    assert message in only(found, Gravity.NOTED).message
    assert len(found.subscribers) == 1


def test_a_misspelt_column_is_a_free_field_and_noted(tmp_path: Path) -> None:
    found = read(tmp_path, "email,intrests,Città natale\na@soci.example,china,Roma\n")
    assert "did you mean `interests`?" in only(found, Gravity.NOTED).message
    assert found.columns == ("email", "intrests", "citta_natale")


@pytest.mark.parametrize(
    ("column", "meant"),
    [
        ("Lingua", "language"),
        ("Nome", "first_name"),
        ("Nachname", "last_name"),
        ("pays", "country"),
    ],
)
def test_a_known_column_in_another_language_is_noted(
    tmp_path: Path, column: str, meant: str
) -> None:
    note = only(read(tmp_path, f"email,{column}\na@soci.example,it\n"), Gravity.NOTED)
    assert f"did you mean `{meant}`?" in note.message
    assert note.line == 1


def test_language_tags_come_in_their_usual_case(tmp_path: Path) -> None:
    found = read(tmp_path, "email,language\na@soci.example,zh-hans\nb@soci.example,fr_ca\n")
    assert [each.fields["language"] for each in found.subscribers] == ["zh-Hans", "fr-CA"]


def test_empty_columns_and_lines_that_spreadsheets_leave_are_nothing(tmp_path: Path) -> None:
    found = read(tmp_path, "email;name;;\n;;;\na@soci.example;A;;\n\n")
    assert (found.rows, emails(found)) == (1, ["a@soci.example"])
    assert found.problems(Gravity.REFUSED, Gravity.MENDED) == ()


def test_remarks_are_kept_to_a_thousand_and_the_rest_is_counted(tmp_path: Path) -> None:
    found = read(tmp_path, "email\n" + "nobody\n" * 1_500)
    problems = found.problems(Gravity.REFUSED)
    assert len(problems) == 1_001
    assert problems[-1].message == "500 more of this kind"
    assert found.refused == found.rows == 1_500


CELLS = (
    *("a@soci.example", "A@soci.example", "b@soci.example", "b@soci.example;c@soci.example"),
    *("x", "", "é", '"', 'a "b" c', '"open', 'closed"', "a,b", "=1", "\0", "\u202ex", "  "),
    "one\ntwo",
)
CELL = st.sampled_from(CELLS)


@pytest.mark.slow
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(st.lists(CELL, min_size=1, max_size=4), max_size=12), quoted=st.booleans())
def test_no_row_is_ever_lost(tmp_path: Path, rows: list[list[str]], quoted: bool) -> None:
    """Written by the csv module, or joined by a careless hand: the sum holds."""
    text = io.StringIO()
    written = 0
    for row in rows:
        record = io.StringIO()
        if quoted:
            csv.writer(record, lineterminator="\n").writerow(row)
        else:
            record.write(",".join(row).replace("\n", " ") + "\n")
        text.write(record.getvalue())
        written += bool(record.getvalue().strip(" \t\n,;"))
    found = read(tmp_path, f"email,name\n{text.getvalue()}")
    assert_counted(found)
    said = found.problems(Gravity.REFUSED)
    told = {problem.where.split(",")[0] for problem in said} - {""}  # "" is about the whole file
    assert len(told) == found.refused
    assert found.rows == written if quoted else found.rows <= written
    for subscriber in found.subscribers:
        assert "\n" not in "".join(subscriber.fields.values())


@pytest.mark.slow
@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=st.binary(max_size=200))
def test_no_octets_raise(tmp_path: Path, content: bytes) -> None:
    assert_counted(read(tmp_path, b"email,name\n" + content))
