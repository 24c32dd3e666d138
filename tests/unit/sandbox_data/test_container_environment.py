"""The variables that App Service gives to a container."""

from __future__ import annotations

from azure_sandbox.apps.environment import container_environment
from azure_sandbox.contract import SiteDefinition

SITE = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Web/sites/iris"


def seen(**settings: str) -> dict[str, str]:
    """The variables of an app with these settings; `_dot_` in a name stands for a dot."""
    named = {name.replace("_dot_", "."): value for name, value in settings.items()}
    return container_environment(SiteDefinition(SITE, "iris", "", named, {}, None), "iris.test")


class TestNames:
    def test_have_no_dots(self) -> None:
        """A container sees an underscore in their place, in the copies of the settings too."""
        environ = seen(model_dot_threshold="0.5", PLAIN="1")

        assert {"model_threshold": "0.5", "PLAIN": "1", "APPSETTING_model_threshold": "0.5"} == {
            name: value for name, value in environ.items() if name == "PLAIN" or "threshold" in name
        }

    def test_of_registry_logins_are_left_out(self) -> None:
        """They are the platform's."""
        assert "DOCKER_REGISTRY_SERVER_PASSWORD" not in seen(DOCKER_REGISTRY_SERVER_PASSWORD="x")
