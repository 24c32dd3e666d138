"""What only App Service's log says of an app that does not come alive, as a table: signatures, and what to do."""

from __future__ import annotations

from functions_model.core.failures import Cause

CAUSES: tuple[Cause, ...] = (
    Cause(
        "no-functions",
        r"no job functions found|\b0 functions (found|loaded)|no HTTP routes mapped",
        "the host found no functions in the image",
        "Set the app setting WEBSITES_ENABLE_APP_SERVICE_STORAGE to false: else a mount hides the image's /home.",
    ),
    Cause(
        "port",
        r"didn't respond to HTTP pings on port|ContainerTimeout|did not start within expected time",
        "the container did not open its port in time",
        "Use a Functions base image as `base-image`; set the app setting WEBSITES_PORT when it listens elsewhere than "
        "on 80, and WEBSITES_CONTAINER_START_TIME_LIMIT when it starts slowly.",
    ),
)
