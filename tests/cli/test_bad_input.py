"""Bad input: exit 2, file, line and column, the fault, the cure; nothing recorded or sent."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.newsroom import ISSUE, ISSUE_TOML, MEMBERS, Newsroom, Ran

ISSUE_FILE = f"issues/{ISSUE}/issue.toml"
ENGLISH_FILE = f"issues/{ISSUE}/issue.en.toml"
MEMBERS_FILE = "subscribers/members.csv"


@dataclass(frozen=True)
class Spoilt:
    """One fault in one file, and what an officer must read about it."""

    name: str
    spoil: Callable[[Newsroom], object]
    place: str
    fault: str
    cure: str

    def __str__(self) -> str:
        """The test's id."""
        return self.name.replace(" ", "-")


def edited(name: str, old: str, new: str) -> Callable[[Newsroom], object]:
    """Some words of a file are others."""
    return lambda room: room.edit(name, old, new)


def written(name: str, content: str | bytes) -> Callable[[Newsroom], object]:
    """A file is another."""
    return lambda room: room.write(name, content)


def appended(name: str, line: str) -> Callable[[Newsroom], object]:
    """A file has one line more."""
    return lambda room: room.write(name, (room.root / name).read_text(encoding="utf-8") + line)


def linked_outside(room: Newsroom) -> None:
    """An image that is a link to a file elsewhere."""
    outside = room.write("secret.png", b"x")
    (room.root / f"issues/{ISSUE}/images/link.png").symlink_to(outside)
    appended(ISSUE_FILE, article("images/link.png"))(room)


def article(image: str) -> str:
    """A section with an image."""
    return (
        '\n[sections.picture]\nkind = "article"\ntitle = "Una foto"\nbody = "Testo."\n'
        f'[sections.picture.image]\nfile = "{image}"\nalt = "Una foto"\nwidth = 300\n'
    )


LAST_MEMBER = MEMBERS.count("\n") + 1
LAST_LINE = ISSUE_TOML.count("\n")

ISSUES = [
    Spoilt(
        "TOML syntax",
        edited(ISSUE_FILE, 'theme = "tiny"', "theme = tiny"),
        f"{ISSUE_FILE}:5:9",
        "",
        "",
    ),
    Spoilt(
        "an open string",
        edited(ISSUE_FILE, 'theme = "tiny"', 'theme = "tiny'),
        f"{ISSUE_FILE}:5:",
        "",
        "",
    ),
    Spoilt(
        "a key twice",
        edited(ISSUE_FILE, 'language = "it"', 'language = "it"\nlanguage = "en"'),
        f"{ISSUE_FILE}:5:",
        "language",
        "",
    ),
    Spoilt(
        "an unknown key",
        edited(ISSUE_FILE, "preheader =", "prehaeder ="),
        f"{ISSUE_FILE}:2:1",
        "unknown key prehaeder",
        'did you mean "preheader"?',
    ),
    Spoilt(
        "an unknown key of a section",
        edited(ISSUE_FILE, 'lead = "In', 'laed = "In'),
        f"{ISSUE_FILE}:10:1",
        "unknown key laed",
        'did you mean "lead"?',
    ),
    Spoilt(
        "a wrong type",
        edited(ISSUE_FILE, "date = 2026-11-15", 'date = "novembre"'),
        f"{ISSUE_FILE}:3:",
        "date must be",
        "2019-11-15",
    ),
    Spoilt(
        "no subject",
        edited(ISSUE_FILE, "subject = \"Notizie per {{ first_name | 'voi' }}\"\n", ""),
        ISSUE_FILE,
        "subject is missing",
        'write subject = "…"',
    ),
    Spoilt(
        "an unknown section kind",
        edited(ISSUE_FILE, 'kind = "country"', 'kind = "contry"'),
        f"{ISSUE_FILE}:14:",
        "there is no section kind contry",
        'did you mean "country"?',
    ),
    Spoilt(
        "an empty section",
        appended(ISSUE_FILE, '\n[sections.empty]\nkind = "report"\ntitle = "Vuota"\n'),
        f"{ISSUE_FILE}:{LAST_LINE + 2}:",
        "",
        "",
    ),
    Spoilt(
        "an unknown segment",
        edited(ISSUE_FILE, 'audience = "china"', 'audience = "chnia"'),
        f"{ISSUE_FILE}:17:",
        "chnia",
        "china",
    ),
    Spoilt(
        "an unknown theme",
        edited(ISSUE_FILE, 'theme = "tiny"', 'theme = "tyni"'),
        f"{ISSUE_FILE}:5:",
        "tyni",
        "tiny",
    ),
    Spoilt(
        "a translation of a section that is not there",
        edited(ENGLISH_FILE, "[sections.china]", "[sections.chian]"),
        f"{ENGLISH_FILE}:9:",
        "chian",
        "china",
    ),
    Spoilt(
        "an image that is missing",
        appended(ISSUE_FILE, article("images/gone.png")),
        f"{ISSUE_FILE}:{LAST_LINE + 7}:",
        "gone.png",
        "",
    ),
    Spoilt(
        "an image outside the folder",
        appended(ISSUE_FILE, article("../../newsletter.toml")),
        f"{ISSUE_FILE}:{LAST_LINE + 7}:",
        "leads out of the issue's folder",
        "",
    ),
    Spoilt(
        "an image that is a link to a file outside",
        linked_outside,
        f"{ISSUE_FILE}:{LAST_LINE + 7}:",
        "leads out of the issue's folder",
        "",
    ),
    Spoilt(
        "a template that fails",
        edited(
            "templates/tiny/sections/country.mjml.j2",
            "{% if section.data.body %}",
            "{{ section.data.population }}",
        ),
        "templates/tiny/sections/country.mjml.j2:",
        "sections.china",
        "mend the template",
    ),
    Spoilt(
        "a file that is not UTF-8",
        written(ISSUE_FILE, ISSUE_TOML.replace("Che cosa è", "Che cosa è").encode("cp1252")),
        f"{ISSUE_FILE}:2",
        "UTF-8",
        "save",
    ),
]

LISTS = [
    Spoilt(
        "no header",
        written(MEMBERS_FILE, "anna.rossi@soci.example,Anna\n"),
        f"{MEMBERS_FILE}:1",
        "not a header",
        "put a line such as email,name above it",
    ),
    Spoilt(
        "no column for the address",
        edited(MEMBERS_FILE, "email,first", "mail,first"),
        f"{MEMBERS_FILE}:1:1",
        "found `mail`, did you mean `email`?",
        "rename the column to email",
    ),
    Spoilt(
        "a column twice",
        edited(MEMBERS_FILE, "interests,country", "interests,interests"),
        f"{MEMBERS_FILE}:1:",
        "`interests` is there twice",
        "rename or remove one",
    ),
    Spoilt(
        "a stray quote",
        appended(MEMBERS_FILE, 'eva@soci.example,"Eva,Verdi,it,,IT\n'),
        f"{MEMBERS_FILE}:{LAST_MEMBER}:18",
        "quote",
        "",
    ),
    Spoilt(
        "a ragged row",
        appended(MEMBERS_FILE, "eva@soci.example,Eva\n"),
        f"{MEMBERS_FILE}:{LAST_MEMBER}:",
        "the row has 2 cells, the header has 6",
        "add or remove separators",
    ),
    Spoilt(
        "a bad address",
        appended(MEMBERS_FILE, "eva.soci.example,Eva,Verdi,it,,IT\n"),
        f"{MEMBERS_FILE}:{LAST_MEMBER}:1",
        "has no @",
        "write an address such as",
    ),
    Spoilt(
        "several addresses in one cell",
        appended(MEMBERS_FILE, '"eva@soci.example, ugo@soci.example",Eva,Verdi,it,,IT\n'),
        f"{MEMBERS_FILE}:{LAST_MEMBER}:1",
        "several addresses",
        "a row of its own",
    ),
    Spoilt("an empty file", written(MEMBERS_FILE, ""), MEMBERS_FILE, "empty", "write a header"),
    Spoilt(
        "a cell of 10 KB",
        appended(MEMBERS_FILE, f"eva@soci.example,{'E' * 10_000},Verdi,it,,IT\n"),
        f"{MEMBERS_FILE}:{LAST_MEMBER}:18",
        "10,000 characters",
        "shorten it",
    ),
]

SEGMENTS = [
    Spoilt(
        "an expression that does not parse",
        edited("subscribers/segments.toml", 'country == "IT"', 'country == "IT" and'),
        "subscribers/segments.toml:2:",
        "",
        "",
    ),
    Spoilt(
        "an expression over a column that is not there",
        edited("subscribers/segments.toml", "country ==", "contry =="),
        "subscribers/segments.toml:2:",
        "contry",
        "country",
    ),
    Spoilt(
        "segments that are no TOML",
        edited("subscribers/segments.toml", "italians =", "italians"),
        "subscribers/segments.toml:2:",
        "",
        "",
    ),
]

MENDED = [
    Spoilt(
        "an address twice in another case",
        appended(MEMBERS_FILE, "Anna.Rossi@soci.example,Anna,Rossi,it,,IT\n"),
        f"{MEMBERS_FILE}:{LAST_MEMBER}:1",
        "is there already, in line 2",
        "remove one of the two rows",
    ),
    Spoilt(
        "control characters in a name",
        appended(MEMBERS_FILE, "eva@soci.example,E\x07va,Verdi,it,,IT\n"),
        f"{MEMBERS_FILE}:{LAST_MEMBER}:18",
        "control characters",
        "type it again",
    ),
    Spoilt(
        "bidi controls in a name",
        appended(MEMBERS_FILE, "eva@soci.example,E\u202eva,Verdi,it,,IT\n"),
        f"{MEMBERS_FILE}:{LAST_MEMBER}:18",
        "bidi control characters",
        "type it again",
    ),
    Spoilt(
        "a formula",
        appended(MEMBERS_FILE, 'eva@soci.example,"=HYPERLINK(""https://x.example"")",V,it,,IT\n'),
        f"{MEMBERS_FILE}:{LAST_MEMBER}:18",
        "is a formula",
        "write the value instead",
    ),
]

COMMANDS = {
    "check": ("check",),
    "plan": ("plan", ISSUE),
    "send": ("send", ISSUE, "--yes"),
    "test": ("test", ISSUE),
}


def assert_told(ran: Ran, fault: Spoilt) -> None:
    """Exit 2; the place, the fault and the cure are there."""
    assert ran.code == 2, ran.said
    assert re.search(rf"^{re.escape(fault.place)}", ran.err, re.MULTILINE), ran.said
    assert fault.fault in ran.said
    assert fault.cure in ran.said
    if fault.place.count(":") > 1 and fault.place[-1] == ":":
        assert re.search(rf"^{re.escape(fault.place)}\d+: ", ran.err, re.MULTILINE), ran.said


@pytest.mark.slow
@pytest.mark.parametrize("fault", ISSUES + LISTS + SEGMENTS, ids=str)
def test_a_fault_is_told_with_its_place_and_cure_and_nothing_is_recorded_or_sent(
    newsroom: Newsroom, fault: Spoilt
) -> None:
    fault.spoil(newsroom)
    for words in COMMANDS.values():
        assert_told(newsroom.run(*words), fault)
    assert not newsroom.ledger.exists()
    assert not newsroom.relay.received


@pytest.mark.parametrize("fault", ISSUES + LISTS + SEGMENTS, ids=str)
def test_a_fault_is_one_json_object_on_stdout(newsroom: Newsroom, fault: Spoilt) -> None:
    fault.spoil(newsroom)
    ran = newsroom.run("check", "--format", "json")
    assert ran.code == 2
    assert not ran.err
    assert ran.object["exit_code"] == 2
    places = [
        f"{Path(problem['path']).relative_to(newsroom.root)}:{problem['line']}:{problem['column']}"
        for problem in ran.object["problems"]
    ]
    assert any(place.startswith(fault.place.removesuffix(":")) for place in places), places


@pytest.mark.parametrize("fault", LISTS + MENDED, ids=str)
def test_checking_lists_ends_with_2_for_refused_and_mended_rows(
    newsroom: Newsroom, fault: Spoilt
) -> None:
    fault.spoil(newsroom)
    assert_told(newsroom.run("subscribers", "check"), fault)
    ran = newsroom.run("subscribers", "check", "--format", "json")
    assert ran.code == 2
    assert not ran.err
    assert any(remark["gravity"] != "noted" for remark in ran.object["remarks"])


@pytest.mark.slow
@pytest.mark.parametrize("fault", MENDED, ids=str)
def test_a_mended_row_does_not_keep_a_plan_from_being_made(
    newsroom: Newsroom, fault: Spoilt
) -> None:
    fault.spoil(newsroom)
    ran = newsroom.run("plan", ISSUE)
    assert ran.code == 0
    assert "1 row mended or noted" in ran.out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "announced"),
    [
        (MEMBERS.replace(",", ";").encode(), "semicolon"),
        (b"\xef\xbb\xbf" + MEMBERS.encode(), "utf-8"),
        (MEMBERS.replace("Anna", "Niccolò").encode("cp1252"), "Windows-1252"),
        (MEMBERS.encode("utf-16"), "utf-16"),
    ],
    ids=["semicolons", "BOM", "cp1252", "UTF-16"],
)
def test_a_spreadsheets_csv_is_read_and_its_form_announced(
    newsroom: Newsroom, content: bytes, announced: str
) -> None:
    newsroom.write(MEMBERS_FILE, content)
    ran = newsroom.run("subscribers", "check")
    assert ran.code == 0, ran.said
    assert announced in ran.out
    assert "will receive 5" in newsroom.run("plan", ISSUE).out
    if announced == "Windows-1252":
        assert newsroom.run("send", ISSUE, "--yes").code == 0
        assert "Niccolò" in str(newsroom.relay.message_of("anna.rossi@soci.example")["To"])


@pytest.mark.slow
def test_a_byte_order_mark_before_toml_is_accepted(newsroom: Newsroom) -> None:
    for name in (ISSUE_FILE, ENGLISH_FILE, "newsletter.toml", "subscribers/segments.toml"):
        path = newsroom.root / name
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert newsroom.run("check").code == 0


@pytest.mark.slow
def test_all_problems_of_all_files_come_at_once(newsroom: Newsroom) -> None:
    every = [fault for fault in ISSUES if fault.name in {"an unknown key", "a wrong type"}]
    every += [fault for fault in LISTS if fault.name == "a ragged row"]
    every += [fault for fault in SEGMENTS if "column" in fault.name]
    for fault in every:
        fault.spoil(newsroom)
    appended(ENGLISH_FILE, 'coulour = "red"\n')(newsroom)
    for words in (("check",), ("plan", ISSUE)):
        ran = newsroom.run(*words)
        for fault in every:
            assert_told(ran, fault)
        assert ENGLISH_FILE in ran.err
        assert "5 problems; nothing was recorded or sent" in ran.err


@pytest.mark.parametrize(
    ("words", "fault", "cure"),
    [
        (("plan", ISSUE, "--segment", 'country == "IT" and'), "", ""),
        (("plan", ISSUE, "--segment", 'contry == "IT"'), "contry", "country"),
        (("plan", ISSUE, "--exclude", 'country = "IT"'), "", ""),
        (("segments", "count", '"china" in'), "", ""),
        (("send", ISSUE, "--segment", "1 +* 2", "--yes"), "", ""),
    ],
)
def test_an_expression_on_the_command_line_is_shown_with_the_column_of_its_mistake(
    newsroom: Newsroom, words: tuple[str, ...], fault: str, cure: str
) -> None:
    ran = newsroom.run(*words)
    assert ran.code == 2
    assert re.search(r":1:\d+: ", ran.err), ran.err
    assert "^" in ran.err
    assert fault in ran.err
    assert cure in ran.err
    assert newsroom.nothing_happened()


@pytest.mark.parametrize(
    ("words", "fault", "cure"),
    [
        (("plan", "2026-11-nesw"), "there is no issue", "2026-11-news"),
        (("plan", ISSUE, "--list", "membres"), "there is no list", "members"),
        (("plan", ISSUE, "--segment", "chian"), "there is no segment", "china"),
        (("plan", ISSUE, "--exclude", "partnres"), "there is no list or segment", "partners"),
        (("plan", ISSUE, "--rate", "fast"), "is not a rate", "5/s"),
        (("send", ISSUE, "--yes", "--profile", "producton"), "there is no profile", "production"),
        (("test", ISSUE, "--as", "ana.rossi@soci.example"), "is on no list", "anna.rossi@"),
        (("test", ISSUE, "--to", "anna.rossi@soci.example"), "is not a staging address", "also"),
        (("preview", ISSUE, "--lang", "zh"), "is not written in zh", "it"),
        (("subscribers", "show", "ana.rossi@soci.example"), "is on no list", "anna.rossi@"),
        (("subscribers", "show", "nobody@nowhere.example"), "is on no list", "subscribers/*.csv"),
        (("suppressions", "add", "anna"), "is not an address", ""),
        (("suppressions", "add", "a@b.example", "--reason", "why"), "is no reason", "bounced"),
        (("status", "7"), "nothing was recorded", "issue list"),
        (("pln", ISSUE), "No such command", "plan"),
        (("plan", ISSUE, "--lst", "members"), "No such option", "--list"),
        (("plan",), "say which issue", "issue list"),
        (("retry", ISSUE), "say whom", "--failed"),
        (("check", "no-such-issue"), "there is no issue", ""),
        (
            ("subscribers", "add", "z@soci.example", "--list", "members", "--source", " "),
            "where the consent came from",
            "--source",
        ),
    ],
)
def test_a_name_that_is_not_there_brings_the_nearest_one(
    newsroom: Newsroom, words: tuple[str, ...], fault: str, cure: str
) -> None:
    ran = newsroom.run(*words)
    assert ran.code == 2
    assert fault in ran.err
    assert cure in ran.said
    assert newsroom.nothing_happened()


@pytest.mark.parametrize(
    "words",
    [("plan", "nothing"), ("plan", ISSUE, "--list", "none"), ("plan", ISSUE, "--nonsense")],
)
def test_a_usage_error_is_one_json_object_too(newsroom: Newsroom, words: tuple[str, ...]) -> None:
    ran = newsroom.run(*words, "--format", "json")
    assert ran.code == 2
    assert ran.object["exit_code"] == 2
    assert ran.object["message"]


@pytest.mark.slow
def test_outside_a_newsletter_the_way_to_one_is_shown(
    bare: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from newsletter.cli.main import run

    del bare
    (tmp_path / "letter.txt").write_text("something is here already")
    monkeypatch.chdir(tmp_path)
    assert run(["check"]) == 2
    said = capsys.readouterr().err
    assert "no newsletter.toml here or in a folder above" in said
    following = said.rpartition("next: newsletter ")[2].split()
    assert run(following) == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [("Indirizzo;Nome\n", "cannot be read"), ("email\nnobody\n", "1 refused")],
)
def test_a_list_that_is_faulty_is_shown_as_such_with_where_to_look(
    newsroom: Newsroom, content: str, said: str
) -> None:
    newsroom.write("subscribers/soci.csv", content)
    ran = newsroom.run("lists", follow=False)
    line = next(line for line in ran.out.splitlines() if line.startswith("soci "))
    assert (ran.code, said in line) == (0, True)
    assert "next: newsletter subscribers check" in ran.out


def test_a_beginning_of_several_issues_names_them(newsroom: Newsroom) -> None:
    newsroom.run("issue", "new", "2026-12-second")
    ran = newsroom.run("check", "2026", follow=False)
    assert ran.code == 2
    assert "'2026' is how 2 issues begin" in ran.err
    assert f"{ISSUE}, 2026-12-second" in ran.err


@pytest.mark.parametrize("name", ["notes.txt", "notes.txt/news"])
def test_a_newsletter_does_not_begin_where_a_file_is(newsroom: Newsroom, name: str) -> None:
    newsroom.write("notes.txt", "mine")
    ran = newsroom.run("init", str(newsroom.root / name), follow=False)
    assert ran.code == 2
    assert "notes.txt is a file, where a folder is to be made" in ran.err


def test_a_template_that_is_not_utf8_is_told_at_its_line(newsroom: Newsroom) -> None:
    name = "templates/tiny/sections/report.mjml.j2"
    text = (newsroom.root / name).read_text(encoding="utf-8")
    newsroom.write(name, (f"{text}\n<!-- perché -->").encode("cp1252"))
    ran = newsroom.run("check", ISSUE, follow=False)
    line = text.count("\n") + 2
    assert f"{name}:{line}: " in ran.err
    assert "not UTF-8: byte 0xE9" in ran.err


def test_what_a_mac_leaves_beside_a_list_is_no_list(newsroom: Newsroom) -> None:
    newsroom.write("subscribers/._members.csv", b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X")
    ran = newsroom.run("subscribers", "check", follow=False)
    assert ran.code == 0, ran.said
    assert "._members" not in ran.out
    assert newsroom.run("plan", ISSUE, follow=False).code == 0
