"""Which addresses are ours."""

from __future__ import annotations

import pytest

from hub.web.addresses import own_path, path_of


@pytest.mark.parametrize("address", [
    "", "orders", "//evil.test", "/\\evil.test", "\\/evil.test", "/\t/evil.test", "/%09/evil.test/", "/\n/evil.test",
    "https://evil.test/", "javascript:alert(1)", "/a//evil.test", "/%2F/evil.test", "/%5Cevil.test", "/\0",
    "/" + "a" * 3000, " //evil.test", "/\u2028/evil.test",
])  # fmt: skip
def test_an_address_that_could_lead_away_is_not_ours(address: str) -> None:
    """OWASP ASVS 5, 3.7.2: redirects lead only to destinations on an allow list, here our own paths."""
    assert own_path(address) == ""


@pytest.mark.parametrize("address", ["/", "/orders?q=a%20b", "/hub/orders/1042/send?x=//y", "/bestellungen/größe"])
def test_a_path_of_this_site_is_ours(address: str) -> None:
    assert own_path(address) == address


@pytest.mark.parametrize(("address", "path"), [
    ("http://localhost/orders?page=2", "/orders?page=2"), ("http://localhost//evil.test/x", ""),
    ("http://evil.test/orders", ""), ("http://localhost.evil.test/", ""), ("http://[", ""),
    ("javascript://localhost/x", ""), ("http://user@localhost/x", ""),
])  # fmt: skip
def test_a_whole_address_is_ours_only_with_our_host(address: str, path: str) -> None:
    assert path_of(address, "localhost") == path
