"""Books that take nothing at all hold everything back, stop nothing, and let all go on when somebody saw to it."""

from __future__ import annotations

from sqlalchemy import select

from hub.database import session
from hub.dispatch import pump
from hub.installations.install import resume_installation
from hub.models import Delivery, Installation
from hub.orders.send import send_order
from hub.planning.choices import Choices
from hub.states import DeliveryState, InstallationState
from sandbox.online import REALM, Running
from tests.support.deliveries import pass_time
from tests.support.host import ADA_AT_ACME, order_1042
from tests.support.online import EXPECTED, posted, whole_ledger


def test_a_lapsed_subscription_pauses_the_installation_until_it_is_renewed(
    online: Installation, books: Running
) -> None:
    books.control(f"company/{REALM}", {"SubscriptionStatus": "EXPIRED"})
    send_order(ADA_AT_ACME, online.id, order_1042(), Choices())
    pump.deliver(online.id)
    session().expire_all()
    assert online.state is InstallationState.PAUSED
    assert online.trouble
    assert DeliveryState.STOPPED not in set(session().scalars(select(Delivery.state)))
    books.control(f"company/{REALM}", {"SubscriptionStatus": "PAID"})
    resume_installation(ADA_AT_ACME, online.id)
    pass_time(online)
    pump.deliver(online.id)
    assert whole_ledger(books) == EXPECTED
    assert posted()
    assert online.trouble == ""
