"""An issue folder is read whole, or refused with every problem at its place."""

import datetime as dt
import os
from pathlib import Path

import pytest

from newsletter.errors import IssueError, Problem
from newsletter.issue.loader import list_issues, load_issue
from newsletter.issue.markdown import markdown
from newsletter.issue.model import Country
from newsletter.values import Language
from tests.issue.folder import ISSUE, PNG, SECTION, TOP, write_issue


def problems_of(folder: Path) -> tuple[Problem, ...]:
    with pytest.raises(IssueError) as caught:
        load_issue(folder)
    assert caught.value.exit_code == 2
    return caught.value.problems


def only_problem(folder: Path) -> Problem:
    problems = problems_of(folder)
    assert len(problems) == 1, "\n".join(map(str, problems))
    return problems[0]


def at(problem: Problem) -> tuple[str, int, int]:
    return problem.path.name, problem.line, problem.column


def test_an_issue_is_read_with_its_dates_sections_and_places(tmp_path: Path) -> None:
    issue = load_issue(write_issue(tmp_path))
    china = issue.original.sections["china"]
    assert isinstance(china, Country)
    assert china.events[0].date == dt.date(2019, 11, 26)
    assert issue.slug == "2019-11"
    assert issue.place(Language("it"), "sections.china.title").line == 8
    assert issue.place(Language("it"), "sections.china.button.url").line == 6


def test_issues_are_listed_by_name_and_other_folders_are_not(tmp_path: Path) -> None:
    folder = write_issue(tmp_path)
    (tmp_path / "issues" / "drafts").mkdir()
    assert list_issues(tmp_path) == [folder]


@pytest.mark.parametrize(
    "content",
    [b"\xef\xbb\xbf" + ISSUE.encode(), ISSUE.replace("\n", "\r\n").encode()],
    ids=["byte-order mark", "CRLF"],
)
def test_what_windows_editors_write_is_accepted(tmp_path: Path, content: bytes) -> None:
    issue = load_issue(write_issue(tmp_path, content))
    assert issue.original.subject == "Notizie di novembre"
    assert issue.place(Language("it"), "sections.china.body").line == 10


SPOILED = {
    "syntax": (ISSUE.replace('"it"', '"it'), 3, 15, "a string is not closed", "mend"),
    "end of file": (TOP + 'x = """\nopen', 6, 5, "this is not TOML", "mend"),
    "end of line": (TOP + 'x = "open\n', 5, 10, "a string is not closed", "mend"),
    "half a table": (TOP + "[[sections", 5, 11, "this is not TOML", "mend"),
    "duplicate key": (
        TOP + 'subject = "Altro"\n' + SECTION,
        5,
        1,
        "written twice: subject",
        "once",
    ),
    "duplicate table": (
        ISSUE + '[sections.china]\nkind = "call"\n',
        16,
        1,
        "written twice: sections.china",
        "once",
    ),
    "unknown key": (TOP + 'subjet = "x"\n' + SECTION, 5, 1, "unknown key subjet", '"subject"?'),
    "unknown key in a section": (
        ISSUE.replace('title = "La', 'tilte = "La"\ntitle = "La'),
        8,
        1,
        "unknown key tilte",
        '"title"?',
    ),
    "unknown key in an event": (ISSUE + 'plce = "x"\n', 16, 1, "unknown key plce", '"place"?'),
    "unknown key in an inline table": (
        ISSUE.replace(
            "[[", 'links = [{ label = "a", url = "https://a.example", ur = "x" }]\n[[', 1
        ),
        12,
        52,
        "unknown key ur",
        '"url"?',
    ),
    "wrong type": (ISSUE.replace('"La Cina"', "3"), 8, 1, "title must be a string", "write title"),
    "a date with a time": (
        ISSUE.replace("2019-11-26", "2019-11-26T10:00:00"),
        13,
        1,
        "must be a date",
        "2019-11-15",
    ),
    "a year in short": (
        ISSUE.replace("2019-11-15", "0019-11-15"),
        2,
        1,
        "dated in the year 19",
        "in full",
    ),
    "an address out of a page": (
        ISSUE.replace("[[", 'links = [{ label = "a", url = "https://a.example?b&amp;c" }]\n[[', 1),
        12,
        51,
        "holds &amp;",
        "write & alone",
    ),
    "a string for a date": (
        ISSUE.replace("2019-11-15", '"2019-11-15"'),
        2,
        1,
        "must be a date",
        "2019-11-15",
    ),
    "missing subject": (ISSUE.partition("\n")[2], 1, 1, "subject is missing", "write subject"),
    "missing title": (
        ISSUE.replace('title = "La Cina"\n', ""),
        6,
        1,
        "title is missing",
        "write title",
    ),
    "missing kind": (
        ISSUE.replace('kind = "country"\n', ""),
        6,
        1,
        "kind is missing",
        "report, article",
    ),
    "unknown kind": (
        ISSUE.replace('"country"', '"contry"'),
        7,
        1,
        "no section kind contry",
        '"country"?',
    ),
    "empty section": (
        TOP + '[sections.x]\nkind = "article"\ntitle = "x"\n',
        5,
        1,
        "empty",
        "write body",
    ),
    "empty title": (ISSUE.replace('"La Cina"', '"  "'), 8, 1, "title is empty", "take the line"),
    "no sections": (TOP, 1, 1, "sections is missing", "[sections.name]"),
    "bad section id": (
        ISSUE.replace("sections.china", 'sections."La Cina"'),
        6,
        1,
        "not a section's id",
        "a-z",
    ),
    "end before date": (
        ISSUE.replace("26\n", "26\nend = 2019-11-25\n"),
        14,
        1,
        "before it begins",
        "mend",
    ),
    "bad language": (ISSUE.replace('"it"', '"italiano!"'), 3, 1, "not a language tag", '"it"'),
    "a path for a theme": (ISSUE.replace('"tiny"', '"../x"'), 4, 1, "not the name of a", "letters"),
    "malformed slot": (
        ISSUE.replace("La Cina", "La {{ 7*7 }}"),
        8,
        13,
        "{{ 7*7 }} is not a slot",
        "{{ first_name }}",
    ),
    "open slot": (
        ISSUE.replace("La Cina", "La {{ name"),
        8,
        13,
        "{{ name is not a slot",
        "first_name",
    ),
    "slot in an address": (
        ISSUE + 'url = "https://a.example/?x={{ email }}"\n',
        16,
        1,
        "slot stands inside",
        "browser_url",
    ),
    "a reader's field as address": (ISSUE + 'url = "{{ email }}"\n', 16, 1, "slot stands", "_url"),
    "a port that there is none of": (
        ISSUE + 'url = "https://a.example:70000/x"\n',
        16,
        1,
        "https://a.example:70000/x is not an address",
        "https",
    ),
    "an address without a host": (
        ISSUE.replace("a Roma", "[x](https://:443/x)"),
        10,
        21,
        "https://:443/x",
        "https",
    ),
    "javascript address": (
        ISSUE + 'url = "javascript:alert(1)"\n',
        16,
        1,
        "not an address",
        "https",
    ),
    "picture in prose": (
        ISSUE.replace("a Roma", "![x](a.png)"),
        10,
        21,
        "a picture stands",
        "image",
    ),
    "bad link in prose": (
        ISSUE.replace("a Roma", "[x](www.a.example)"),
        10,
        21,
        "www.a.example",
        "https",
    ),
    "slot in a link of prose": (
        ISSUE.replace("a Roma", "[x](https://a.example/?e={{ email }})"),
        10,
        21,
        "a slot stands inside a link's address",
        "whole address",
    ),
    "reader's field as a link": (
        ISSUE.replace("a Roma", "[x]({{ email }})"),
        10,
        21,
        "a slot stands inside",
        "whole address",
    ),
    "slot with more in a link": (
        ISSUE.replace("a Roma", "[x]({{ browser_url }}?x)"),
        10,
        21,
        "a slot stands inside",
        "whole address",
    ),
    "link by reference": (
        ISSUE.replace("a Roma", "[x][r]\\n\\n[r]: ftp://a.example"),
        10,
        21,
        "ftp://a.example",
        "https",
    ),
    "script link in prose": (
        ISSUE.replace("a Roma", "[x](javascript:alert(1))"),
        10,
        21,
        "javascript:alert(1)",
        "https",
    ),
    "control character": (ISSUE.replace("La Cina", "La\\u0000Cina"), 8, 12, "U+0000", "delete"),
    "encoded word in the subject": (
        ISSUE.replace("Notizie", "=?utf-8?q?a=0D=0ABcc:_x@y.example?="),
        1,
        12,
        "=?",
        "apart",
    ),
    "subject of two lines": (
        ISSUE.replace("Notizie di", "Notizie\\ndi"),
        1,
        19,
        "more than one",
        "one line",
    ),
    "four figures": (
        TOP
        + '[sections.x]\nkind = "report"\ntitle = "x"\n'
        + '[[sections.x.figures]]\nvalue = "1"\nlabel = "x"\n' * 4,
        8,
        1,
        "figures has more than 3",
        "take some out",
    ),
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_fault_is_shown_at_its_line_with_its_cure(tmp_path: Path, name: str) -> None:
    content, line, column, message, cure = SPOILED[name]
    problem = only_problem(write_issue(tmp_path, content))
    assert at(problem) == ("issue.toml", line, column), str(problem)
    assert message in problem.message
    assert cure in problem.cure
    assert problem.source == content.splitlines()[line - 1]


def test_a_file_that_is_not_utf_8_names_the_byte_and_shows_the_line(tmp_path: Path) -> None:
    content = ISSUE.replace("Biomedicina", "Novità").encode("cp1252")
    problem = only_problem(write_issue(tmp_path, content))
    assert at(problem) == ("issue.toml", 14, 15)
    assert "0xE0" in problem.message
    assert problem.source == 'title = "Novità"'


def test_a_file_over_one_megabyte_is_not_read(tmp_path: Path) -> None:
    problem = only_problem(write_issue(tmp_path, ISSUE + "#" * 1_000_000))
    assert "larger than 1 MB" in problem.message


def test_deeply_nested_arrays_are_a_problem_and_not_a_crash(tmp_path: Path) -> None:
    problems = problems_of(write_issue(tmp_path, "x = " + "[" * 50_000))
    assert "nested" in problems[0].message


def test_a_missing_file_and_a_bad_folder_name_are_problems(tmp_path: Path) -> None:
    folder = tmp_path / "issues" / "Un Numero"
    folder.mkdir(parents=True)
    messages = [problem.message for problem in problems_of(folder)]
    assert "is not an issue's name" in messages[0]
    assert "cannot be read" in messages[1]


def test_all_problems_of_all_files_come_at_once(tmp_path: Path) -> None:
    spoiled = ISSUE.replace('"country"', '"contry"') + '\n[sections.b]\nkind = "call"\ntitle = 3\n'
    folder = write_issue(
        tmp_path, "sbject = 1\n" + spoiled, en='[sections.chna]\ntitle = "China"\n'
    )
    places = [(problem.path.name, problem.where) for problem in problems_of(folder)]
    assert places == [
        ("issue.toml", "sbject"),
        ("issue.toml", "sections.china.kind"),
        ("issue.toml", "sections.b.button"),
        ("issue.toml", "sections.b.title"),
        ("issue.en.toml", "sections.chna"),
    ]


def with_image(line: str) -> str:
    return TOP + f'[sections.x]\nkind = "article"\ntitle = "x"\nbody = "x"\n{line}\n'


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('image = { file = "images/b.png", alt = "x" }', "there is no image images/b.png"),
        ('image = { file = "../../secret.png", alt = "x" }', "leads out"),
        ('image = { file = "/etc/hostname", alt = "x" }', "not a path inside"),
        ('image = { file = "images/link.png", alt = "x" }', "leads out"),
        ('image = { file = "images/a.svg", alt = "x" }', "not a PNG, JPEG or GIF"),
        ('image = { file = "images/text.png", alt = "x" }', "not a PNG, JPEG or GIF"),
        ('image = { file = "images", alt = "x" }', "there is no image"),
        ('image = { file = "images/a.png" }', "alt is missing"),
        ('image = { file = "images/a.png", alt = "x", width = 0 }', "greater than 0"),
    ],
)
def test_a_picture_is_in_the_folder_is_one_and_has_an_alt(
    tmp_path: Path, line: str, message: str
) -> None:
    folder = write_issue(tmp_path, with_image(line))
    (tmp_path / "secret.png").write_bytes(PNG)
    (folder / "images" / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "images" / "a.svg").write_text("<svg/>", encoding="utf-8")
    (folder / "images" / "text.png").write_text("not a picture", encoding="utf-8")
    problem = only_problem(folder)
    assert message in problem.message
    assert problem.line == 9


def test_a_good_picture_passes(tmp_path: Path) -> None:
    line = 'image = { file = "images/a.png", alt = "Un punto", width = 10 }'
    assert load_issue(write_issue(tmp_path, with_image(line))).original.sections["x"].title == "x"


def test_a_slot_may_be_a_whole_address_where_dispatch_fills_it(tmp_path: Path) -> None:
    issue = load_issue(write_issue(tmp_path, ISSUE + 'url = "{{ preferences_url }}"\n'))
    assert "preferences_url" in str(issue.original.sections["china"])


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (
            "https://münchen.example/straße?q=ü#ö",
            "https://xn--mnchen-3ya.example/stra%C3%9Fe?q=%C3%BC#%C3%B6",
        ),
        ("https://a.example/Roma_(città)", "https://a.example/Roma_(citt%C3%A0)"),
        ("mailto:a@münchen.example", "mailto:a@xn--mnchen-3ya.example"),
        ("https://a.example/b%20c?d=1&e=%C3%A0", "https://a.example/b%20c?d=1&e=%C3%A0"),
        ("{{ browser_url }}", "{{ browser_url }}"),
    ],
)
def test_an_address_of_a_table_is_what_prose_would_make_of_it(
    tmp_path: Path, written: str, read: str
) -> None:
    found = load_issue(write_issue(tmp_path, ISSUE + f'url = "{written}"\n')).original
    assert f"{read!r}" in str(found.sections["china"])
    if "{{" not in written:
        assert f'href="{read.replace("&", "&amp;")}"' in markdown().render(f"[a](<{written}>)")


@pytest.mark.parametrize("key", ["subject", "preheader"])
@pytest.mark.parametrize("hidden", [r"\u202e", r"\u2066", r"\t"])
def test_what_no_header_may_hold_is_refused_where_it_stands(
    tmp_path: Path, key: str, hidden: str
) -> None:
    toml = ISSUE.replace('subject = "Notizie di novembre"\n', "")
    other = 'subject = "Notizie"\n' if key == "preheader" else ""
    problem = only_problem(write_issue(tmp_path, f'{key} = "a{hidden}b"\n{other}{toml}'))
    assert at(problem) == ("issue.toml", 1, len(key) + 6)
    assert "control character" in problem.message
    assert problem.cure


def test_a_number_with_more_digits_than_python_reads_is_a_problem(tmp_path: Path) -> None:
    problem = only_problem(write_issue(tmp_path, f"number = {'9' * 5000}\n{ISSUE}"))
    assert at(problem) == ("issue.toml", 1, 10)
    assert "digits" in problem.message


@pytest.mark.slow
def test_a_key_of_thousands_of_parts_is_a_problem(tmp_path: Path) -> None:
    problems = problems_of(write_issue(tmp_path, f"a{'.a' * 3000} = 1\n{ISSUE}"))
    assert "unknown key a" in [problem.message for problem in problems]


def test_a_section_that_is_no_table_is_cured_by_a_table(tmp_path: Path) -> None:
    problem = only_problem(write_issue(tmp_path, f"{TOP}[sections]\nchina = 1\n"))
    assert at(problem) == ("issue.toml", 6, 1)
    assert problem.cure == "write a table [sections.china]"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (r'disc = "images/a.png\u0000"', "is not a path inside the issue's folder"),
        (r'links = [{ label = "x", url = "https://x.example/\u202e" }]', "is not an address"),
    ],
)
def test_what_hides_in_a_path_or_an_address_is_refused(
    tmp_path: Path, line: str, said: str
) -> None:
    problem = only_problem(
        write_issue(tmp_path, ISSUE.replace('name = "Cina"', f'name = "C"\n{line}'))
    )
    assert said in problem.message
    assert problem.line > 1
    assert problem.cure


def test_an_issue_of_the_same_size_and_time_is_not_taken_for_the_one_before(
    tmp_path: Path,
) -> None:
    subjects, places = [], []
    for word in ("novembre", "dicembre", "novembre"):
        folder = write_issue(tmp_path, ISSUE.replace("novembre", word))
        os.utime(folder / "issue.toml", ns=(0, 0))
        issue = load_issue(folder)
        subjects.append(issue.original.subject)
        places.append(issue.place(Language("it"), "subject"))
    assert subjects == ["Notizie di novembre", "Notizie di dicembre", "Notizie di novembre"]
    assert places == [places[0]] * 3


def test_what_is_made_of_a_file_does_not_show_in_the_next_reading(tmp_path: Path) -> None:
    folder = write_issue(tmp_path, en='[sections.china]\ntitle = "China"\n')
    first, again = load_issue(folder), load_issue(folder)
    assert (first.texts, first.fallbacks) == (again.texts, again.fallbacks)
    assert again.original.sections["china"].title == "La Cina"
