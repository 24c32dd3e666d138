"""Where an image comes from: a registry that the login does not see, and one that has it under another name."""

from __future__ import annotations

import pytest

from functions_model.core.failures import PlanRefused
from functions_model.core.references import ImageReference, digest_of
from functions_model.provision import Observed
from functions_model.provision.access.image_sources import find_source
from functions_model.provision.kinds.image_import import ImageElsewhere, difference
from support.fake_arm import SUBSCRIPTION, Answer, Asked, clients_for
from support.wanted import REGISTRY, wanted


@pytest.mark.parametrize(
    ("others", "where"),
    [([], "its only subscription"), (["22222222-2222-3333-4444-555555555555"], "any of its 2 subscriptions")],
)
def test_a_registry_that_the_login_does_not_see_is_named(others: list[str], where: str) -> None:
    """Each subscription was looked at."""

    def answer(asked: Asked) -> Answer:
        listed = [SUBSCRIPTION, *others] if asked.path.endswith("/subscriptions") else []
        return Answer(200, {"value": [{"subscriptionId": one} for one in listed]})

    with pytest.raises(PlanRefused) as refusal:
        find_source(clients_for(answer), "staging.azurecr.io")

    assert f"this login sees no registry `staging.azurecr.io` in {where}" == refusal.value.problems[0].what


def test_an_import_names_the_repository_that_lacks_the_image() -> None:
    """The registry may have it in another one."""
    source = ImageReference(REGISTRY.login_server, "churn", digest=digest_of(b""))
    (change,) = difference(wanted(), Observed().having(ImageElsewhere(source, REGISTRY.id, "live/churn:e3b0")))

    assert f"`{REGISTRY.login_server}/live/churn` does not have it" == change.reason
