"""An account of many says where its notices go, and reaches nothing inside by it."""

from __future__ import annotations

from functools import partial
from ipaddress import ip_network

import pytest

from dashboard.phone.jobs import Fault, Job, carry_out
from dashboard.phone.reach import may_be_reached

from .conftest import LONG_S, Service

PATIENTLY = partial(carry_out, limit_s=LONG_S)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.9", "192.168.1.20", "100.64.0.1"),
        *("169.254.169.254", "224.0.0.1", "255.255.255.255"),
        *(
            "::1",
            "::",
            "fe80::1",
            "fe80::1%eth0",
            "fd00::7",
            "ff02::1",
            "::ffff:10.1.2.3",
            "::ffff:127.0.0.1",
        ),
        *("localhost", "broker", "plumbline.example", "", None, "2130706433"),
    ],
)
def test_what_is_inside_or_unresolved_may_not_be_reached(host: str | None) -> None:
    assert not may_be_reached(host, [])


@pytest.mark.parametrize("host", ["1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_the_world_outside_may_be_reached(host: str) -> None:
    assert may_be_reached(host, [])


def test_a_network_that_is_allowed_may_be_reached_and_no_other() -> None:
    allowed = [ip_network("10.1.2.0/24"), ip_network("fd00:7::/64")]
    assert may_be_reached("10.1.2.3", allowed)
    assert may_be_reached("::ffff:10.1.2.3", allowed)
    assert may_be_reached("fd00:7::1", allowed)
    assert not may_be_reached("10.1.3.3", allowed)
    assert not may_be_reached("127.0.0.1", allowed)


def test_where_there_are_accounts_nothing_is_told_inside_whatever_led_there(service: Service) -> None:
    by_name = service.url("well").replace("127.0.0.1", "localhost")
    jobs = [Job(str(n), url, "t", "b") for n, url in enumerate((service.url("well"), by_name))]
    outcomes = list(PATIENTLY(jobs, within=()))
    assert [(one.fault, one.status) for one in outcomes] == [(Fault.INSIDE, None)] * 2
    assert service.asked == []


def test_a_network_of_ones_own_is_told_where_it_is_allowed(service: Service) -> None:
    [outcome] = PATIENTLY([Job("1", service.url("well"), "t", "b")], within=("127.0.0.0/8",))
    assert outcome.fault is Fault.NONE
    assert [path for path, _ in service.taken] == ["/well"]
