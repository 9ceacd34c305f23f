"""Saving and restoring the state of a sandbox, as the conformance kit does between two tests."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

import sandbox.online
import xero_sandbox
from sandbox.desktop.company import CompanyFile
from sandbox.online import REALM
from xero_sandbox import TENANT


def test_online_returns_to_a_saved_state(tmp_path: Path) -> None:
    with sandbox.online.start(tmp_path) as books:
        granted = books.grant()
        before, balances = books.books(), books.balances()
        books.save("seeded")
        later = books.grant()
        books.control(f"edit/{REALM}/Customer/{before['Customer'][0]['Id']}", {"Notes": "Changed"})
        books.control("clock", {"advance_days": 30})
        books.control("lag", {"queries": True})
        assert books.books() != before
        books.restore("seeded")
        assert books.books() == before
        assert books.balances() == balances
        assert _asks(books.url, granted["access_token"]) == 200
        assert _asks(books.url, later["access_token"]) == 401


def test_online_clears_what_goes_wrong_when_it_is_restored(tmp_path: Path) -> None:
    with sandbox.online.start(tmp_path) as books:
        token = books.grant()["access_token"]
        books.save("seeded")
        books.fault("status", "/v3/", times=5)
        books.control("limits", {"minute": 0})
        books.control("latency", {"seconds": 30})
        books.restore("seeded")
        assert [_asks(books.url, token) for _ in range(3)] == [200, 200, 200]


def test_online_keeps_several_states_and_knows_no_others(tmp_path: Path) -> None:
    with sandbox.online.start(tmp_path) as books:
        customer = f"edit/{REALM}/Customer/{books.books()['Customer'][0]['Id']}"
        for note in ("One", "Two"):
            books.control(customer, {"Notes": note})
            books.save(note)
        for note in ("One", "Two", "One"):
            books.restore(note)
            assert books.books()["Customer"][0]["Notes"] == note
        with pytest.raises(requests.HTTPError, match="404"):
            books.restore("Three")
        assert books.books()["Customer"][0]["Notes"] == "One"


def test_online_keeps_its_file_as_it_is_when_it_is_started_again(tmp_path: Path) -> None:
    with sandbox.online.start(tmp_path) as books:
        before = books.books()
        books.save("seeded")
        books.control("clock", {"advance_days": 1})
        books.restore("seeded")
    with sandbox.online.start(tmp_path) as books:
        assert books.books() == before


def test_xero_returns_to_a_saved_state(tmp_path: Path) -> None:
    with xero_sandbox.start(tmp_path) as books:
        before = books.books()
        books.save("seeded")
        contact = before["Contacts"][0]["ContactID"]
        books.control(f"credit/{TENANT}", {"ContactID": contact, "Total": "5.00"})
        books.fault("status", "/identity/", times=5)
        assert books.books() != before
        books.restore("seeded")
        assert books.books() == before
        assert requests.get(f"{books.url}/identity/connect/authorize", timeout=10).status_code != 503
        with pytest.raises(requests.HTTPError, match="404"):
            books.restore("other")


def test_a_company_file_returns_to_a_saved_state(tmp_path: Path) -> None:
    company = CompanyFile(tmp_path / "one")
    before, saved = company.rows("Account", "Customer"), company.save()
    company.stamp("{owner}", "{file}")
    with company.store.transaction():
        company.store.put(before[0])
        company.store.keep("a message set", "checksum", "answer")
    company.restore(saved)
    assert company.rows("Account", "Customer") == before
    assert company.store.fact("stamp {owner}") == ""
    assert company.store.answered("a message set") is None
    company.close()
    again = CompanyFile(tmp_path / "one")
    assert again.rows("Account", "Customer") == before
    again.close()


def test_a_company_file_takes_the_state_of_another_one(tmp_path: Path) -> None:
    one, two = CompanyFile(tmp_path / "one"), CompanyFile(tmp_path / "two", "Another Company")
    two.restore(one.save())
    assert two.name == one.name
    assert two.rows("Account") == one.rows("Account")
    one.close()
    two.close()


def _asks(url: str, token: str) -> int:
    address = f"{url}/v3/company/{REALM}/companyinfo/{REALM}"
    return requests.get(address, headers={"Authorization": f"Bearer {token}"}, timeout=10).status_code
