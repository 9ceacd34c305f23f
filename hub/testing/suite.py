"""The whole kit in one class."""

from __future__ import annotations

from hub.testing.families.authorizing import Authorizes
from hub.testing.families.changing import Changes
from hub.testing.families.conversing import Converses
from hub.testing.families.declaring import Declares, Imports
from hub.testing.families.fetching import Fetches
from hub.testing.families.once import PostsOnce
from hub.testing.families.polling import Polls
from hub.testing.families.posting import Posts, Refuses, Waits
from hub.testing.families.restoring import Restores


class IntegrationSuite(
    Declares, Imports, Authorizes, Converses, Posts, PostsOnce, Changes, Refuses, Waits, Fetches, Polls, Restores
):
    """All that the hub expects of an integration. See `hub.testing` for how to use it."""
