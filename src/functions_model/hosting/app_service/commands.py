"""What people are told to type for an app on App Service."""

from __future__ import annotations

import shlex

from functions_model.core.names import Names


class AppServiceCommands:
    """`az functionapp ...`; see `provision.releases.Commands`."""

    def keys(self, names: Names, query: str) -> str:
        """One key of a host or of its functions."""
        of_slot = f"--slot {names.candidate} " if names.candidate else ""
        app = f"--resource-group {shlex.quote(names.group)} --name {names.app}"
        return f"az functionapp keys list {app} {of_slot}--query {query} --output tsv"

    def deletes_setting(self, names: Names, setting: str) -> str:
        """One app setting."""
        return f"az functionapp config appsettings delete {names.flags} --setting-names {setting}"

    def puts_back(self, names: Names, image: str) -> str:
        """The image alone: settings stay."""
        return _command("config set", names, "--linux-fx-version", f"DOCKER|{image}")

    def moves(self, names: Names) -> str:
        """A swap."""
        return _command("deployment slot swap", names, "--slot", names.candidate)


def container_logging(names: Names) -> str:
    """The command that has App Service keep what a container writes."""
    return f"az webapp log config {names.flags} --docker-container-logging filesystem"


def _command(what: str, names: Names, *more: str) -> str:
    place = ("--resource-group", names.group, "--name", names.app)
    return shlex.join(["az", "functionapp", *what.split(), *place, *more])
