"""A ledger that calls us: who gets in, what it is told, and what happens when it does not come back."""

from __future__ import annotations

import pytest

from hub.database import session
from hub.dispatch import endpoints
from hub.installations.passwords import change_password
from hub.models import Endpoint
from hub.plugin import Integration, PullIntegration
from hub.states import DeliveryState, InstallationState
from hub.testing.families.arriving import has_arrived, send
from hub.testing.families.base import Family
from hub.testing.host import ACTOR
from hub.testing.ledger import Lost, PullLedger
from hub.testing.office import Office


class Polls(Family):
    """The door is open to one ledger, and it takes along what there is to do."""

    def test_the_file_holds_no_password(self, lobby: Office) -> None:
        _pulls(lobby.integration)
        lobby.install()
        lobby.invite()
        file = lobby.file()
        assert file.body
        assert file.name
        assert lobby.password.encode() not in file.body

    def test_the_first_call_connects_the_books(self, office: Office) -> None:
        _pulls(office.integration)
        assert office.installation.state is InstallationState.CONNECTED, office.story()
        assert office.installation.books_name

    def test_a_wrong_password_gets_nothing(self, lobby: Office) -> None:
        _pulls(lobby.integration)
        lobby.install()
        lobby.invite()
        assert isinstance(lobby.ledger, PullLedger)
        lobby.ledger.invite(lobby.file(), "not the password")
        lobby.go()
        endpoint = session().get_one(Endpoint, lobby.installation.id)
        assert endpoint.refused == 1, "The endpoint accepted a wrong password, or did not ask the polling session."
        assert lobby.installation.state is InstallationState.PENDING

    def test_an_old_password_stops_working(self, office: Office) -> None:
        _pulls(office.integration)
        order = office.book().order()
        send(office, order)
        endpoint = session().get_one(Endpoint, office.installation.id)
        change_password(ACTOR, office.installation.id, instead_of=endpoints.password_edition(endpoint))
        office.go()
        assert {one.state for one in office.deliveries(order)} <= {DeliveryState.QUEUED, DeliveryState.WAITING}

    def test_a_call_with_nothing_to_do_ends_at_once(self, office: Office) -> None:
        _pulls(office.integration)
        before = office.wire.trips
        office.go()
        assert office.wire.trips == before

    def test_a_session_that_ended_is_closed(self, office: Office) -> None:
        _pulls(office.integration)
        order = office.book().order()
        send(office, order)
        office.go()
        assert session().get_one(Endpoint, office.installation.id).ticket is None, "The session was not closed."

    def test_a_ledger_that_vanished_goes_on_with_its_next_call(self, office: Office) -> None:
        _pulls(office.integration)
        order = office.book().order()
        send(office, order)
        office.wire.cut(Lost.ANSWER)
        office.go()
        states = {one.state for one in office.deliveries(order)}
        assert DeliveryState.STOPPED not in states, office.story()
        office.run()
        has_arrived(office, order)


def _pulls(integration: Integration) -> None:
    if not isinstance(integration, PullIntegration):
        pytest.skip("We call it.")
