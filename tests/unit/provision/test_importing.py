"""Importing a base image by the registry itself: what is asked, and what a refusal means."""

from __future__ import annotations

import json

import pytest

from functions_model.core.references import ImageReference, digest_of
from functions_model.provision.access.registries import import_base
from functions_model.provision.nouns import RegistryResource
from support.fake_arm import SUBSCRIPTION, Answer, Asked, arm_error, clients_for

ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/contoso"
REGISTRY = RegistryResource(ID, "contoso.azurecr.io")
SOURCE = ImageReference("mcr.microsoft.com", "azure-functions/python", "4-python3.11", digest_of(b"base"))
TARGET = "functions-model/cache:base-123456789abc"


class Service:
    """Answers one import after some looks at it."""

    def __init__(self, *answers: Answer) -> None:
        self.answers, self.asked = list(answers), list[Asked]()

    def __call__(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def started() -> Answer:
    location = f"https://management.azure.com{ID}/operations/1?api-version=2025-11-01&t=1&c=signed"
    return Answer(202, headers={"Location": location})


def imported(service: Service, *, longest: float = 20) -> tuple[bool, list[str]]:
    told: list[str] = []
    done = import_base(clients_for(service), REGISTRY, SOURCE, TARGET, report=told.append, longest=longest)
    return done, told


class TestImport:
    def test_an_image_is_asked_for_by_its_digest(self) -> None:
        """The tag may mean another image by then."""
        service = Service(started(), Answer(202, headers=started().headers), Answer(200))
        done, told = imported(service)
        first = service.asked[0]

        assert (True, []) == (done, told)
        assert ("POST", f"{ID}/importImage") == (first.method, first.path)
        assert {
            "source": {
                "registryUri": "mcr.microsoft.com",
                "sourceImage": f"azure-functions/python@{digest_of(b'base')}",
            },
            "targetTags": [TARGET],
            "mode": "Force",
        } == json.loads(first.body)
        assert 3 == len(service.asked)

    @pytest.mark.parametrize(
        ("status", "code"),
        [(403, "AuthorizationFailed"), (404, "ResourceNotFound"), (400, "InvalidParameters"), (409, "Conflict")],
    )
    def test_a_refusal_is_told_and_no_failure(self, status: int, code: str) -> None:
        """The image can be sent in another way."""
        done, (told,) = imported(Service(arm_error(status, code, "It may not be.")))

        assert not done
        assert told.startswith(f"`contoso.azurecr.io/{TARGET}` was not imported: ")

    def test_a_source_that_azure_cannot_read_is_told(self) -> None:
        """The operation begins, and fails later."""
        failure = arm_error(400, "UnableToReadSource", "The source registry cannot be reached.")
        done, (told,) = imported(Service(started(), failure))

        assert not done
        assert "cannot be reached" in told

    def test_a_service_that_takes_too_long_is_not_waited_for(self) -> None:
        """Sending is faster by then."""
        service = Service(started())
        done, (told,) = imported(service, longest=0.02)
        service.answers = [Answer(200)]

        assert not done
        assert "took more than" in told

    def test_a_source_without_a_digest_is_an_error_of_the_caller(self) -> None:
        """What is imported must be what was looked at."""
        with pytest.raises(ValueError, match="has no digest"):
            import_base(
                clients_for(Service(Answer(200))), REGISTRY, ImageReference("mcr.microsoft.com", "x", "4"), TARGET
            )
