"""How often one client may ask."""

from newsletter.values import Rate
from newsletter.web.visitors import Visitors, network_of


def test_a_client_has_its_share_and_it_fills_evenly() -> None:
    now = [0.0]
    visitors = Visitors(Rate(3, 60), lambda: now[0])

    assert [visitors.allow("192.0.2.1") for _ in range(4)] == [True, True, True, False]
    assert visitors.allow("192.0.2.2")
    now[0] += 20
    assert [visitors.allow("192.0.2.1") for _ in range(2)] == [True, False]


def test_a_clock_that_goes_back_gives_and_takes_nothing() -> None:
    now = [100.0]
    visitors = Visitors(Rate(1, 60), lambda: now[0])

    assert visitors.allow("192.0.2.1")
    now[0] = 0.0
    assert not visitors.allow("192.0.2.1")


def test_memory_is_bounded_however_many_clients_come() -> None:
    visitors = Visitors(Rate(1, 60), lambda: 0.0, most=100)

    for number in range(10_000):
        visitors.allow(f"10.0.{number // 256}.{number % 256}")

    assert visitors.remembered == 100


def test_a_customer_with_many_ipv6_addresses_is_one_client() -> None:
    assert network_of("2001:db8:1:2::1") == network_of("2001:db8:1:2:ffff::9")
    assert network_of("2001:db8:1:2::1") != network_of("2001:db8:1:3::1")
    assert network_of("::ffff:192.0.2.1") == "192.0.2.1"
    assert network_of("fe80::1%eth0") == "fe80::/64"
    assert len(network_of("x" * 1_000)) == 64
