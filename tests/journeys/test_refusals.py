"""Books that take nothing at all hold everything back, stop nothing, and let all go on when somebody saw to it."""

from __future__ import annotations

from sqlalchemy import select

from hub.database import session
from hub.models import Delivery, Installation
from hub.services.carrying import carrying
from hub.services.drafting.choices import Choices
from hub.services.installing import installing
from hub.services.sending import sending
from hub.states import DeliveryState, InstallationState
from sandbox.online import REALM, Running
from tests.support.deliveries import pass_time
from tests.support.host import ACME, ADA, order_1042
from tests.support.online import EXPECTED, posted, whole_ledger


def test_a_lapsed_subscription_pauses_the_installation_until_it_is_renewed(
    online: Installation, books: Running
) -> None:
    books.control(f"company/{REALM}", {"SubscriptionStatus": "EXPIRED"})
    sending.send(online.id, order_1042(), Choices(), ADA)
    carrying.carry(online.id)
    session().expire_all()
    assert online.state is InstallationState.PAUSED
    assert online.trouble
    assert DeliveryState.STOPPED not in set(session().scalars(select(Delivery.state)))
    books.control(f"company/{REALM}", {"SubscriptionStatus": "PAID"})
    installing.resume(ACME.id, online.id)
    pass_time(online)
    carrying.carry(online.id)
    assert whole_ledger(books) == EXPECTED
    assert posted()
    assert online.trouble == ""
