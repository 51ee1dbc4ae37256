"""Every reader is filled before the first send: what a row lacks is told before it is a hole."""

import pytest

from tests.cli.newsroom import ISSUE, MEMBERS, Newsroom
from tests.cli.readers import SEND
from tests.cli.relay import parsed

TOML = f"issues/{ISSUE}/issue.toml"
HOLE = ("{{ first_name | 'voi' }}", "{{ first_name }}")
DARIO = "dario.neri@soci.example (subscribers/members.csv:5)"


@pytest.mark.slow
def test_a_hole_is_told_with_its_readers_their_rows_and_a_cure(newsroom: Newsroom) -> None:
    newsroom.edit(TOML, *HOLE)
    ran = newsroom.run("plan", ISSUE)
    assert f"1 recipient has no first_name, and the slot has no default: {DARIO}" in ran.out
    assert f"issues/{ISSUE}/issue.toml:1:24  E006" in ran.out
    assert "fill the column, or say --missing default" in ran.out
    assert not ran.next


@pytest.mark.slow
def test_a_hole_stops_a_send_and_its_error_says_who_and_what_to_do(newsroom: Newsroom) -> None:
    newsroom.edit(TOML, *HOLE)
    ran = newsroom.run(*SEND)
    assert ran.code == 3
    assert DARIO in ran.err
    assert "fill the column" in ran.err
    assert newsroom.nothing_happened()


@pytest.mark.slow
def test_only_the_first_rows_are_named_and_all_are_counted(newsroom: Newsroom) -> None:
    rows = "".join(f"x{at}@soci.example,,,it,,IT\n" for at in range(6))
    newsroom.write("subscribers/members.csv", MEMBERS + rows)
    newsroom.edit(TOML, *HOLE)
    ran = newsroom.run("plan", ISSUE)
    assert "7 recipients have no first_name" in ran.out
    assert ran.out.count("members.csv:") == 3


@pytest.mark.slow
def test_a_slot_of_a_section_counts_only_the_readers_who_see_it(newsroom: Newsroom) -> None:
    newsroom.edit(TOML, "Un tavolo a Roma", "Un tavolo a Roma, {{ first_name }} {{ country }}")
    assert "E006" not in newsroom.run("plan", ISSUE).out
    newsroom.edit("subscribers/members.csv", "carla.dubois@soci.example,Carla", "c@soci.example,")
    ran = newsroom.run("plan", ISSUE)
    assert "1 recipient has no first_name" in ran.out
    assert "c@soci.example (subscribers/members.csv:4)" in ran.out


def test_the_staging_profile_names_the_same_rows(newsroom: Newsroom) -> None:
    newsroom.edit(TOML, *HOLE)
    assert DARIO in newsroom.run("plan", ISSUE, "--profile", "staging").out


@pytest.mark.slow
def test_defaults_are_counted_and_shown(newsroom: Newsroom) -> None:
    ran = newsroom.run("plan", ISSUE)
    assert "Missing   first_name is not known of 1 reader: the slot's default for 1" in ran.out
    gaps = newsroom.run("plan", ISSUE, "--format", "json").object["gaps"]
    assert {gap["field"]: (gap["readers"], gap["empty"]) for gap in gaps} == {
        "first_name": (1, 0),
        "name": (1, 0),
    }


@pytest.mark.slow
def test_with_missing_default_a_hole_is_shown_and_the_plan_may_be_sent(newsroom: Newsroom) -> None:
    newsroom.edit(TOML, *HOLE)
    ran = newsroom.run("plan", ISSUE, "--missing", "default")
    assert "first_name is not known of 1 reader: nothing for 1" in ran.out
    assert "E006" not in ran.out
    assert "--missing default" in ran.next


@pytest.mark.slow  # real messages over real SMTP
def test_with_missing_default_the_slot_is_left_empty(newsroom: Newsroom) -> None:
    newsroom.edit(TOML, *HOLE)
    assert newsroom.run(*SEND, "--missing", "default").code == 0
    subjects = [str(parsed(message)["Subject"]) for _, message in newsroom.relay.received]
    assert "Notizie per" in [subject.strip() for subject in subjects]


@pytest.mark.slow
def test_each_slot_shows_its_own_default_where_nobodys_page_is_shown(newsroom: Newsroom) -> None:
    newsroom.edit(TOML, "Un tavolo a Roma.", "Un tavolo a Roma, {{ first_name | 'lettrice' }}.")
    assert newsroom.run("build", ISSUE, follow=False).code == 0
    built = parsed((newsroom.root / "build" / ISSUE / "it.eml").read_bytes())
    assert built["Subject"] == "Notizie per voi"
    text = built.get_body(("plain",))
    assert text
    assert "Un tavolo a Roma, lettrice." in text.get_content()
    assert "Notizie per voi" in newsroom.run("plan", ISSUE, follow=False).out
    newsroom.run("test", ISSUE, "--as", "dario.neri@soci.example", follow=False)
    [(_, content)] = [*newsroom.relay.received, *newsroom.shadow.received]
    assert parsed(content)["Subject"] == "[TEST] Notizie per voi"
