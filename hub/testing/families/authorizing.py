"""Connecting: consent, refusal, other books; credentials that are renewed and given back."""

from __future__ import annotations

import dataclasses

import pytest

from hub.installations.install import remove_installation
from hub.plugin import AuthorizationExpired, Batch, Integration, PushIntegration, Rejected
from hub.states import InstallationState
from hub.testing.families.arriving import arrives
from hub.testing.families.base import Family
from hub.testing.host import ACTOR
from hub.testing.ledger import Decision, PushLedger
from hub.testing.office import Office


class Authorizes(Family):
    """An admin connects the books, or does not, and nothing is in between."""

    def test_consent_connects_the_books(self, office: Office) -> None:
        installation = office.installation
        assert installation.state is InstallationState.CONNECTED, office.story()
        assert installation.books_id
        assert installation.books_name, "`describe_books` has not said whose books these are."

    def test_an_admin_who_declines_is_told_what_to_do(self, lobby: Office) -> None:
        _pushes(lobby.integration)
        lobby.install()
        with pytest.raises(Rejected) as refused:
            lobby.authorize(Decision.DECLINE)
        assert refused.value.problems
        assert refused.value.problems[0].what
        assert lobby.installation.state is InstallationState.PENDING
        assert lobby.installation.credential is None

    def test_a_browser_that_brings_nothing_back_connects_nothing(self, lobby: Office) -> None:
        _pushes(lobby.integration)
        lobby.install()
        state = lobby.sign_in(Decision.CONSENT)["state"]
        with pytest.raises(Rejected):
            lobby.come_back({"state": state})
        assert lobby.installation.state is InstallationState.PENDING

    def test_other_books_are_not_taken_for_the_first_ones(self, office: Office) -> None:
        _pushes(office.integration)
        books = office.installation.books_id
        with pytest.raises(Rejected):
            office.authorize(Decision.OTHER_BOOKS)
        assert office.installation.books_id == books
        arrives(office, office.book().order())

    def test_other_books_have_another_id(self, lobby: Office) -> None:
        _pushes(lobby.integration)
        lobby.install()
        lobby.authorize(Decision.CONSENT)
        first = lobby.installation.books_id
        remove_installation(ACTOR, lobby.installation.id)
        lobby.install()
        lobby.authorize(Decision.OTHER_BOOKS)
        assert lobby.installation.books_id != first

    def test_authorizing_again_goes_on_with_the_same_books(self, office: Office) -> None:
        _pushes(office.integration)
        office.authorize(Decision.CONSENT)
        arrives(office, office.book().order())

    def test_credentials_that_ran_out_are_renewed_and_nobody_notices(self, office: Office) -> None:
        _pushes(office.integration)
        assert isinstance(office.ledger, PushLedger)
        office.ledger.expire()
        arrives(office, office.book().order())
        assert office.installation.state is InstallationState.CONNECTED

    def test_an_authorization_that_was_given_back_opens_nothing(self, office: Office) -> None:
        integration = _pushes(office.integration)
        connection = office.connection()
        request = next(integration.describe_books())
        remove_installation(ACTOR, office.installation.id)
        key = "0123456789abcdef01234567"
        batch = Batch(idempotency_key=key, requests=(request,), body=integration.encode(key, (request,)))
        with pytest.raises(AuthorizationExpired):
            integration.send(batch, connection)
        with pytest.raises(AuthorizationExpired):
            integration.refresh(connection)

    def test_what_is_kept_of_an_authorization_shows_no_credential(self, office: Office) -> None:
        _pushes(office.integration)
        connection = office.connection()
        shown = f"{connection!r} {dataclasses.replace(connection)!s}"
        assert not [value for value in office.secrets() if value in shown]


def _pushes(integration: Integration) -> PushIntegration:
    if not isinstance(integration, PushIntegration):
        pytest.skip("It calls us, and nobody signs in.")
    return integration
