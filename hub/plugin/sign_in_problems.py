"""The refusals of a ledger that is signed in to by OAuth 2 (RFC 6749), as an admin is told them."""

from __future__ import annotations

from dataclasses import dataclass

from hub.plugin.problems import AuthorizationExpired, IntegrationError, Problem, Rejected, Unavailable
from hub.plugin.sentences import Sentence, say


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInProblems:
    """The refusals of an OAuth 2 server. `product` is the ledger and `provider` who runs the sign-in, as an admin knows
    them: "QuickBooks Online", "Intuit".

    `consent` says how an admin gives access; `keys` names the operator's settings with the app's keys.
    """

    product: str
    provider: str
    consent: Sentence
    keys: str

    def refused(self, code: str, said: Sentence | None = None) -> Rejected:
        """Return the failure for an error code of a sign-in or of the exchange of its code ("access_denied"). `said` is
        shown in place of a code that the provider did not give."""
        match code:
            case "access_denied":
                why = say("The sign-in at %(provider)s was cancelled or declined.", provider=self.provider)
                return self._not_connected(code, say("access was not granted"), why, self.consent)
            case "invalid_grant":
                why = say(
                    "The answer of %(provider)s to a sign-in can be used once and only for a few minutes.",
                    provider=self.provider,
                )
                return self._not_connected(code, say("the sign-in has expired"), why, say("Click Connect again."))
            case "invalid_client" | "unauthorized_client":
                because = say("%(provider)s does not accept this system's keys", provider=self.provider)
                why = say("The keys that were set up here are not those of an app there.")
                cure = say("Ask who runs this system to correct %(keys)s.", keys=self.keys)
                return self._not_connected("invalid_client", because, why, cure)
        return self._not_connected(
            code[:100], say("the sign-in failed"),
            say("%(provider)s says: %(said)s", provider=self.provider, said=said or code[:100]),
            say("Click Connect again. If that does not help, give the code to support."),
        )  # fmt: skip

    def incomplete(self) -> Rejected:
        """Return the failure for an answer without all that a sign-in brings."""
        return self.refused("answer-incomplete", say("the answer is incomplete"))

    def other_books(self, chosen: str) -> Rejected:
        """Return the failure for a sign-in that opened other books than were connected before. `chosen` names them."""
        return Rejected(Problem(
            what=say("You chose another company at %(provider)s: %(chosen)s.", provider=self.provider, chosen=chosen),
            why=say("This connection belongs to the company that was connected first."),
            cure=say(
                "Click Connect again and choose the first company at %(provider)s. To use another company, uninstall "
                "this integration and install it again.",
                provider=self.provider,
            ),
            code="other-books",
        ))  # fmt: skip

    def not_renewed(self, code: str) -> IntegrationError:
        """Return the failure for an error code of a renewal. Only "invalid_grant" ends the authorization. It may
        still be valid when the operator has corrected wrong keys."""
        if code == "invalid_grant":
            what = say("%(provider)s no longer renews this authorization.", provider=self.provider)
            return AuthorizationExpired(what)
        return Unavailable(
            say("%(provider)s is not renewing authorizations now (%(code)s).", provider=self.provider, code=code)
        )

    def _not_connected(self, code: str, because: Sentence, why: Sentence, cure: Sentence) -> Rejected:
        what = say("%(product)s is not connected, because %(because)s.", product=self.product, because=because)
        return Rejected(Problem(what=what, why=why, cure=cure, code=code))
