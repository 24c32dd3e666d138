"""An app that somebody else deploys to while it is verified."""

from __future__ import annotations

from dataclasses import replace

import pytest

from functions_model.core.failures import Overtaken
from support.fake_arm import Answer
from support.fake_live_app import EXPECTED, IMAGE, App

OTHER = {"GET /api/identity": [Answer(200, {"build_id": "build-3"})]}
WITH_IMAGE = replace(EXPECTED, image=IMAGE)


class TestSomebodyElsesDeployment:
    def test_is_told_as_soon_as_it_is_sure(self) -> None:
        """Their image is configured: to wait for ours would be in vain."""
        other = Answer(200, {"properties": {"linuxFxVersion": "DOCKER|contoso.azurecr.io/package@sha256:three"}})
        app = App({**OTHER, "GET config/web": [other]})

        with pytest.raises(Overtaken, match=r"it runs `contoso.*:three`"):
            app.verify(WITH_IMAGE, timeout=600)

        assert app.clock.now < 20

    def test_is_not_an_old_instance(self) -> None:
        """While our image is configured, another build is one that is still going."""
        app = App(OTHER)

        assert "answers with the build `build-3`" in app.failure(WITH_IMAGE).reason
        assert 5 == app.count("GET", "/config/web")
