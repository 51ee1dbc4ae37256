"""Every fault that was planted in a zone is found, and nothing else; good zones are left alone."""

from collections.abc import Iterator

import pytest

from newsletter.doctor.ask import SystemDns
from newsletter.doctor.authentication import examine
from newsletter.doctor.examination import Result, State
from newsletter.doctor.names import examine_mx, examine_ptr
from newsletter.doctor.providers import GMAIL, rules_kept
from tests.doctor.grounds import FAULTS, GOOD, Ground
from tests.zones import ZoneServer


@pytest.fixture(scope="module")
def server() -> Iterator[ZoneServer]:
    with ZoneServer({}) as running:
        yield running


def results_of(ground: Ground, server: ZoneServer) -> tuple[Result, ...]:
    server.zone = dict(ground.zone)
    dns = SystemDns(f"127.0.0.1:{server.port}")
    results = [*examine(dns, ground.mailing), examine_mx(dns, ground.mailing.author, "author")]
    for address in ground.mailing.addresses:
        results += examine_ptr(dns, address)
    return tuple(results)


def found(results: tuple[Result, ...]) -> set[str]:
    return {f"{each.state} {each.id}" for each in results if each.state is not State.GOOD}


def test_there_are_enough_grounds() -> None:
    assert len(FAULTS) >= 60
    assert len({ground.name for ground in (*GOOD, *FAULTS)}) == len(GOOD) + len(FAULTS)


@pytest.mark.parametrize("ground", GOOD, ids=lambda ground: ground.name)
def test_good_ground_raises_no_alarm(ground: Ground, server: ZoneServer) -> None:
    results = results_of(ground, server)
    assert found(results) == set(), [each for each in results if each.state is not State.GOOD]
    assert all(line.state is not State.BAD for line in rules_kept(results))


@pytest.mark.parametrize("ground", FAULTS, ids=lambda ground: ground.name)
def test_a_planted_fault_is_found_with_a_cure_and_nothing_else(
    ground: Ground, server: ZoneServer
) -> None:
    results = results_of(ground, server)
    assert found(results) == set(ground.finds), results
    for each in results:
        assert each.cure or each.state in {State.GOOD, State.UNKNOWN}
    worst = {each.state for each in results}
    if State.BAD in worst and "bad spf.open" not in ground.finds:
        table = rules_kept(results)
        assert any(line.state is State.BAD and line.cure for line in table)


def test_the_table_names_the_rules_of_each_provider_and_what_was_not_examined() -> None:
    table = rules_kept(())
    assert len(table) >= 18
    assert {line.state for line in table} == {State.UNKNOWN}
    assert sum(line.provider == GMAIL for line in table) >= 7
