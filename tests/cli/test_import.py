"""`subscribers import` and `add`: exports as four tools write them, suppressions first."""

import zipfile
from pathlib import Path
from typing import Any

import pytest

from newsletter.ledger.ledger import Ledger
from newsletter.values import Address
from tests.cli.newsroom import ISSUE, Newsroom
from tests.cli.readers import ANNA
from tests.doubles import START

IMPORT = ("subscribers", "import")
SUBSCRIBED = (
    '"Email Address","First Name","Last Name",MEMBER_RATING,OPTIN_TIME,OPTIN_IP,'
    "CONFIRM_TIME,CONFIRM_IP,CC,LEID,EUID,TAGS\n"
    'anna@posta.example,Anna,Rossi,2,"2023-05-01 10:00:00",192.0.2.1,'
    '"2023-05-01 10:05:00",192.0.2.2,IT,1,a,"""socio"""\n'
    'gone@posta.example,Gone,Away,2,,,,,IT,2,b,""\n'
    'not-an-address,X,Y,2,,,,,IT,3,c,""\n'
    'ANNA@posta.example,Anna,Again,2,,,,,IT,4,d,""\n'
)
UNSUBSCRIBED = """\
"Email Address","First Name","Last Name",OPTIN_TIME,UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,LEID,EUID
gone@posta.example,Gone,Away,,"2024-01-01 10:00:00",News,2,b
"""
CLEANED = """\
"Email Address","First Name",CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,LEID,EUID
dead@posta.example,Dead,"2024-01-01 10:00:00",News,5,e
"""
BREVO = """\
CONTACT ID;EMAIL;FIRSTNAME;LASTNAME;EMAIL_BLACKLISTED;ADDED_TIME;MODIFIED_TIME
1;b1@posta.example;Bea;Uno;0;2024-02-03 10:00:00;x
2;b2@posta.example;Bob;Due;1;2024-02-03 10:00:00;x
"""
MAILERLITE = """\
Subscriber,Name,Last name,Status,Subscribed,Signup IP
m1@posta.example,Mia,Uno,Active,2024-02-03 10:00:00,192.0.2.9
m2@posta.example,Max,Due,Unsubscribed,2024-02-03 10:00:00,
m3@posta.example,Mo,Tre,Bounced,2024-02-03 10:00:00,
m4@posta.example,Ma,Qua,Junk,2024-02-03 10:00:00,
m5@posta.example,Me,Cin,Unconfirmed,2024-02-03 10:00:00,
"""
LISTMONK = """\
uuid,email,name,attributes,status,created_at,updated_at
u1,l1@posta.example,Lia,"{""city"": ""Roma"", ""n"": [1]}",enabled,2024-02-03 10:00:00 +0000 +0000,x
u2,l2@posta.example,Leo,{},blocklisted,2024-02-03 10:00:00 +0000 UTC,x
u3,l3@posta.example,Leo,{},disabled,2024-02-03 10:00:00 +0000 UTC,x
"""


def imported(
    room: Newsroom, files: dict[str, str], *words: str, list_name: str = "web"
) -> dict[str, Any]:
    """What an import of these files says."""
    paths = [str(room.write(f"in/{name}", text)) for name, text in files.items()]
    ran = room.run(*IMPORT, *paths, "--list", list_name, *words, "--format", "json")
    assert ran.code == 0, ran.said
    found = ran.object
    counted = sum(found[name] for name in ("added", "changed", "unchanged", "suppressed"))
    assert found["rows"] == counted + len(found["kept_out"]) + found["repeated"] + found["refused"]
    assert len(found["problems"]) == found["refused"]
    return dict(found)


def written(room: Newsroom, list_name: str = "web") -> list[str]:
    """The lines of a list's file."""
    return (room.root / f"subscribers/{list_name}.csv").read_text().splitlines()


def suppressed(room: Newsroom) -> dict[str, str]:
    """Reason by address."""
    rows = room.run("suppressions", "list", "--format", "json").object["suppressions"]
    return {row["address"]: row["reason"] for row in rows}


@pytest.mark.slow
def test_three_files_of_mailchimps_are_taken_suppressions_first(newsroom: Newsroom) -> None:
    files = {
        "subscribed.csv": SUBSCRIBED,
        "unsubscribed.csv": UNSUBSCRIBED,
        "cleaned.csv": CLEANED,
    }
    dry = imported(newsroom, files, "--dry-run")
    assert not (newsroom.root / "subscribers/web.csv").exists()
    assert suppressed(newsroom) == {}
    done = imported(newsroom, files)
    assert (done["added"], done["suppressed"], done["repeated"], done["refused"]) == (1, 2, 1, 1)
    assert {**done, "done": False} == dry
    assert done["tools"] == ["mailchimp"]
    assert done["kept_out"][0]["source"] == "subscribed.csv:3"
    assert (done["problems"][0]["line"], done["problems"][0]["column"]) == (4, 1)
    assert suppressed(newsroom) == {
        "gone@posta.example": "unsubscribed",
        "dead@posta.example": "bounced",
    }
    assert written(newsroom)[1].startswith("anna@posta.example,Anna,Rossi,")
    proof = newsroom.run("consent", "show", "anna@posta.example", "--format", "json").object
    event = proof["events"][0]
    assert (event["source"], event["ip"]) == ("subscribed.csv:2", "192.0.2.2")
    assert event["at"].startswith("2023-05-01T10:05:00")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tool", "text", "joined", "gone"),
    [
        ("brevo", BREVO, {"b1"}, {"b2": "unsubscribed"}),
        (
            "mailerlite",
            MAILERLITE,
            {"m1"},
            {"m2": "unsubscribed", "m3": "bounced", "m4": "complained"},
        ),
        ("listmonk", LISTMONK, {"l1"}, {"l2": "unsubscribed", "l3": "unsubscribed"}),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_other_tools_say_who_must_not_be_mailed_in_their_own_way(
    newsroom: Newsroom, tool: str, text: str, joined: set[str], gone: dict[str, str], *, named: bool
) -> None:
    words = ("--from", tool) if named else ()
    done = imported(newsroom, {"all.csv": text}, *words)
    assert done["tools"] == [tool]
    assert {line.partition("@")[0] for line in written(newsroom)[1:]} == joined
    assert suppressed(newsroom) == {f"{who}@posta.example": why for who, why in gone.items()}
    assert newsroom.run("subscribers", "check").code == 0


@pytest.mark.slow
def test_an_import_never_brings_back_who_said_no(newsroom: Newsroom) -> None:
    newsroom.run("subscribers", "unsubscribe", "b1@posta.example")
    newsroom.run("subscribers", "forget", "l1@posta.example")
    both = imported(newsroom, {"a.csv": BREVO, "b.csv": LISTMONK})
    assert both["added"] == 0
    assert {each["why"] for each in both["kept_out"]} == {"unsubscribed", "forgotten"}
    assert not (newsroom.root / "subscribers/web.csv").exists()
    assert b"l1@posta" not in newsroom.ledger.read_bytes()


@pytest.mark.slow
def test_a_file_changes_only_where_it_must(newsroom: Newsroom) -> None:
    path = newsroom.write(
        "subscribers/web.csv",
        'email;first_name;note\r\nc@posta.example;Carla;"a;b"\r\nm@posta.example;;\r\n',
    )
    text = "email,first_name,city\nm@posta.example,Mia,Roma\na@posta.example,Ada,Bari\n"
    text += "c@posta.example,Carlotta,\n"
    done = imported(newsroom, {"in.csv": text})
    assert path.read_bytes().decode() == (
        "email;first_name;note\r\na@posta.example;Ada;\r\n"
        'c@posta.example;Carla;"a;b"\r\nm@posta.example;Mia;\r\n'
    )
    assert (done["added"], done["changed"], done["unchanged"]) == (1, 1, 1)
    assert done["left_out"] == ["city"]
    assert done["conflicts"][0]["kept"] == "Carla"
    before = path.stat().st_mtime_ns
    again = imported(newsroom, {"in.csv": text})
    assert (again["added"], again["changed"], again["unchanged"]) == (0, 0, 3)
    assert path.stat().st_mtime_ns == before


@pytest.mark.slow
def test_the_same_file_twice_is_one_consent(newsroom: Newsroom) -> None:
    imported(newsroom, {"all.csv": BREVO}, "--implied", "--wording", "Clients of 2024")
    imported(newsroom, {"all.csv": BREVO})
    proof = newsroom.run("consent", "show", "b1@posta.example", "--format", "json").object
    assert len(proof["events"]) == 1
    assert proof["events"][0]["basis"] == "implied"
    assert proof["events"][0]["wording"] == "Clients of 2024"
    lapses = newsroom.run("consent", "expiring", "--format", "json").object
    assert [each["over"] for each in lapses["lapses"]] == [True]  # 3 February 2024 and two years


def test_an_archive_is_refused_with_what_to_do(newsroom: Newsroom) -> None:
    path = newsroom.root / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("subscribed.csv", SUBSCRIBED)
    ran = newsroom.run(*IMPORT, str(path), "--list", "web")
    assert ran.code == 2
    assert "unpack it" in ran.err


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"name\nAnna\n", b'email\n"open\n', b"email\n\x00@x.example\n"]
)
def test_what_is_no_export_is_refused_or_reported(newsroom: Newsroom, content: bytes) -> None:
    path = newsroom.write("odd.csv", content)
    ran = newsroom.run(*IMPORT, str(path), "--list", "web", "--format", "json")
    assert ran.code == 2 or ran.object["added"] == 0


@pytest.mark.slow
def test_one_reader_is_added_with_where_the_consent_came_from(newsroom: Newsroom) -> None:
    add = ("subscribers", "add", "nuova@posta.example", "--list", "members")
    ran = newsroom.run(*add, "--source", "paper form 12", "--field", "first_name=Nuova")
    assert ran.code == 0, ran.said
    assert "nuova@posta.example,Nuova,,,," in written(newsroom, "members")
    shown = newsroom.run("consent", "show", "nuova@posta.example").out
    assert "paper form 12" in shown
    assert newsroom.run("plan", ISSUE).code == 0


@pytest.mark.slow
def test_formulas_of_an_export_are_guarded(newsroom: Newsroom, tmp_path: Path) -> None:
    with Ledger.open(newsroom.ledger) as ledger:
        ledger.suppress(
            Address.parse("+x@posta.example"), "unsubscribed", "=HYPERLINK(1)", "", START
        )
    out = tmp_path / "proof.csv"
    assert newsroom.run("consent", "export", "-o", str(out)).code == 0
    text = out.read_text()
    assert ",'=HYPERLINK(1)," in text
    assert ",'+x@posta.example," in text
    assert ANNA not in text


@pytest.mark.slow
def test_a_moment_as_listmonk_writes_it_is_the_moment_of_the_consent(newsroom: Newsroom) -> None:
    imported(newsroom, {"subscribers.csv": LISTMONK})
    proof = newsroom.run("consent", "show", "l1@posta.example", "--format", "json").object
    assert proof["events"][0]["at"].startswith("2024-02-03T10:00:00")
    assert written(newsroom)[0] == "email,name,city"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("word", "verdict"),
    [
        ("Hard bounced", "bounced"),
        ("hard_bounce", "bounced"),
        ("Opted-Out", "unsubscribed"),
        ("Deleted", "unsubscribed"),
        ("not confirmed", ""),
        ("Marked as spam", "complained"),
        ("Zombie", ""),
    ],
)
def test_a_state_in_other_words_brings_nobody_in(
    newsroom: Newsroom, word: str, verdict: str
) -> None:
    text = f"Subscriber,Name,Status\nz@posta.example,Zoe,{word}\ny@posta.example,Yan,Active\n"
    done = imported(newsroom, {"all.csv": text})
    assert done["added"] == 1
    assert suppressed(newsroom) == ({"z@posta.example": verdict} if verdict else {})
    assert done["kept_out"] == [] or done["kept_out"][0]["address"] == "z@posta.example"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("column", "said", "gone", "why"),
    [
        ("status", "cancellato", "unsubscribed", ""),
        ("Status", "disattivato", "unsubscribed", ""),
        ("status", "désabonné", "unsubscribed", ""),
        ("status", "in attesa di conferma", "", "never confirmed"),
        ("status", "parcheggiato", "", "its state is not known here"),
        ("subscribed", "no", "", "never confirmed"),
        ("opt-in", "FALSE", "", "never confirmed"),
        ("Consenso", "No", "", "never confirmed"),
    ],
)
def test_who_said_no_in_a_table_of_ones_own_is_not_brought_in(
    newsroom: Newsroom, column: str, said: str, gone: str, why: str
) -> None:
    yes = {"cancellato": "iscritto", "no": "yes", "FALSE": "TRUE", "No": "Sì"}.get(said, "active")
    text = f"email,{column}\nz@posta.example,{said}\ny@posta.example,{yes}\n"
    done = imported(newsroom, {"all.csv": text})
    assert [line.partition(",")[0] for line in written(newsroom)] == ["email", "y@posta.example"]
    assert suppressed(newsroom) == ({"z@posta.example": gone} if gone else {})
    assert [each["why"].partition(":")[0] for each in done["kept_out"]] == ([why] if why else [])


@pytest.mark.slow
def test_a_type_of_reader_is_no_state(newsroom: Newsroom) -> None:
    assert imported(newsroom, {"in.csv": "email,type\nz@posta.example,Socio\n"})["added"] == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "header",
    [
        "Indirizzo e-mail;Nome;Cognome;Lingua",
        "Indirizzo posta elettronica;Nome;Cognome;Lingua",
        "E-mail 1 - Value;Given Name;Family Name;Language",
        "E-Mail-Adresse;Vorname;Nachname;Sprache",
        "Adresse e-mail;Prénom;Nom;Langue",
    ],
)
def test_columns_in_the_officers_language_are_read(newsroom: Newsroom, header: str) -> None:
    imported(newsroom, {"in.csv": f"{header}\nz@posta.example;Zoe;Rossi;it\n"})
    assert written(newsroom) == [
        "email,first_name,last_name,language",
        "z@posta.example,Zoe,Rossi,it",
    ]


@pytest.mark.slow
def test_a_place_that_is_called_state_says_nothing_of_a_reader(newsroom: Newsroom) -> None:
    text = "Subscriber,Status,State,City\nz@posta.example,Active,Inactive Springs,Reno\n"
    assert imported(newsroom, {"all.csv": text})["added"] == 1
    assert written(newsroom) == ["email,state,city", "z@posta.example,Inactive Springs,Reno"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nicolò@posta.example",), "not ASCII"),
        (("anna@posta",), "no dot"),
        (("anna@posta.example", "--field", "Anna"), "is no field"),
        (("anna@posta.example", "--field", "lists=x"), "cannot be a field"),
        (("anna@posta.example", "--field", "=x"), "cannot be a field"),
        (("anna@posta.example", "--field", "email=b@posta.example"), "cannot be a field"),
        (("anna@posta.example", "--field", "motto=" + "x" * 2_001), "the most is 2,000"),
    ],
)
def test_nobody_is_added_whom_the_list_could_not_hold(
    newsroom: Newsroom, words: tuple[str, ...], said: str
) -> None:
    ran = newsroom.run("subscribers", "add", *words, "--list", "web", "--source", "paper")
    assert ran.code == 2
    assert said in ran.err
    assert not (newsroom.root / "subscribers/web.csv").exists()


@pytest.mark.slow
def test_a_field_that_is_typed_is_filed_as_a_file_would_have_it(newsroom: Newsroom) -> None:
    fields = ("--field", "First Name=An\x00na\n", "--field", 'Motto==HYPERLINK("x")')
    words = ("anna@posta.example", *fields, "--list", "web", "--source", "paper")
    assert newsroom.run("subscribers", "add", *words).code == 0
    assert written(newsroom) == [
        "email,first_name,motto",
        'anna@posta.example,An na,"\'=HYPERLINK(""x"")"',
    ]
    assert newsroom.run("subscribers", "check").code == 0


@pytest.mark.slow
def test_a_list_that_was_not_there_is_called_new_once(newsroom: Newsroom) -> None:
    words = ("subscribers", "add", "--list", "mebmers", "--source", "paper form")
    first = newsroom.run(*words, "anna@posta.example", follow=False)
    second = newsroom.run(*words, "bruno@posta.example", follow=False)
    assert "a new list" in first.out
    assert "a new list" not in second.out


@pytest.mark.slow
def test_who_is_kept_out_by_hand_is_told_with_what_was_said(newsroom: Newsroom) -> None:
    newsroom.run("subscribers", "unsubscribe", "gone@posta.example", follow=False)
    words = ("gone@posta.example", "--list", "web", "--source", "desk/paper form")
    ran = newsroom.run("subscribers", "add", *words, follow=False)
    assert "kept out: desk/paper form gone@posta.example: unsubscribed" in ran.out
