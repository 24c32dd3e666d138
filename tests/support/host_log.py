"""Lines of a Functions host's log as .NET's console logger writes them, and as App Service keeps them."""

from __future__ import annotations

from functools import partial

RECEIVE = "Message processing error (Action=Receive, EntityPath=requests, Endpoint=iris.servicebus.windows.net)"
NO_QUEUE = (
    "Azure.Messaging.ServiceBus.ServiceBusException: The messaging entity "
    "'sb://iris.servicebus.windows.net/requests' could not be found. TrackingId:1 (MessagingEntityNotFound).\n"
    "   at Azure.Messaging.ServiceBus.Amqp.AmqpReceiver.ReceiveMessagesAsyncInternal()"
)
NO_ROLE = (
    "System.UnauthorizedAccessException: Put token failed. status-code: 401, status-description: Unauthorized access. "
    "'Listen' claim(s) are required to perform this operation. Resource: 'sb://iris.servicebus.windows.net/requests'."
)
NO_NAME = (
    "Azure.Messaging.ServiceBus.ServiceBusException: Name or service not known ErrorCode: HostNotFound "
    "(ServiceCommunicationProblem)."
)
REFUSED = (
    "Azure.RequestFailedException: This request is not authorized to perform this operation using this permission.\n"
    "Status: 403\nErrorCode: AuthorizationPermissionMismatch\n\n"
    "   at Microsoft.Azure.WebJobs.Extensions.Storage.Blobs.Listeners.ScanBlobScanLogHybridPollingStrategy.Poll()"
)
SERVICE_BUS = "Microsoft.Azure.WebJobs.ServiceBus.Listeners.ServiceBusListener"


def entry(level: str, category: str, text: str) -> str:
    """One entry: the text, of as many lines as it has, is indented below its head."""
    return f"{level}: {category}[0]\n" + "".join(f"      {line}\n" for line in text.split("\n"))


startup = partial(entry, "info", "Host.Startup")
STARTED = startup("Host started (812ms)")
IN_VAIN = entry("fail", SERVICE_BUS, f"{RECEIVE}\n{NO_QUEUE}")
DENIED = entry("fail", SERVICE_BUS, f"{RECEIVE}\n{NO_ROLE}")
PASSING = entry("info", SERVICE_BUS, f"{RECEIVE}\n{NO_NAME}")
DOWN = entry(
    "fail",
    "Microsoft.Azure.WebJobs.Script.WebHost.WebScriptHostExceptionHandler",
    f"An unhandled exception has occurred. Host is shutting down.\n{REFUSED}",
)
CANNOT_START = entry(
    "fail", "Host.Startup", f"The listener for function 'Functions.score' was unable to start.\n{REFUSED}"
)
STARTS = startup("Listener successfully started for function 'score' after 2 retries.")
EXECUTING = entry("info", "Function.score", "Executing 'Functions.score' (Reason='(null)', Id=1)")


def stamped(log: str) -> str:
    """As App Service keeps it: each line has its time."""
    return "".join(f"2026-01-02T03:04:{at % 60:02}.123456789Z {line}\n" for at, line in enumerate(log.splitlines()))
