"""What container logs show, and the cause that is named for it."""

from __future__ import annotations

import pytest

from functions_model.verify.causes import CAUSES, denied_for_now, named_cause
from support.fake_live_app import App
from support.host_log import DOWN, IN_VAIN, PASSING

ENDPOINT = App().endpoint()
LOGS = {
    "pull-denied": "ERROR - DockerApiException: Get https://x/v2/: unauthorized: authentication required",
    "pull-network": "Failed to pull image: DENIED: client with IP '20.1.2.3' is not allowed access. 403 Forbidden",
    "vault-network": '(Forbidden) Client address is not authorized. Inner error: {"code": "ForbiddenByFirewall"}',
    "vault-denied": '(Forbidden) Caller is not authorized to perform action. Inner error: {"code": "ForbiddenByRbac"}',
    "image-missing": "manifest for contoso.azurecr.io/package@sha256:00 not found: manifest unknown",
    "architecture": "exec /opt/startup/start_nonappservice.sh: exec format error",
    "listener": "The listener for function 'Functions.score' was unable to start. System.Exception: odd.",
    "host-down": "fail: WebScriptHostExceptionHandler[0]\n      An unhandled exception has occurred. Host is shutting "
    "down.\n      System.TimeoutException: The operation has timed out.",
    "setting-undefined": "Error indexing method 'Functions.score'\nMicrosoft.Azure.WebJobs.Host: '%IN_PATH%' does not "
    "resolve to a value.",
    "connection-missing": "The listener for function 'Functions.score' was unable to start. Connection should have an "
    "'fullyQualifiedNamespace' property or be a string representing a connection string.",
    "connection-wrong": "The listener for function 'Functions.score' was unable to start. The connection string used "
    "for an Service Bus client must specify the Service Bus namespace host",
    "service-bus-denied": "Message processing error (Action=Receive, EntityPath=orders) Unauthorized access. 'Listen' "
    "claim(s) are required to perform this operation. Resource: 'sb://iris.servicebus.windows.net/orders'.",
    "queue-missing": "The listener for function 'Functions.score' was unable to start. The messaging entity "
    "'sb://iris.servicebus.windows.net/orders' could not be found. TrackingId:1",
    "data-denied": "The listener for function 'Functions.score' was unable to start.\nAzure.RequestFailedException: "
    "This request is not authorized to perform this operation using this permission.\nStatus: 403 (This request is "
    "not authorized to perform this operation using this permission.) ErrorCode: AuthorizationPermissionMismatch "
    "Server: Windows-Azure-Blob/1.0",
    "storage-denied": "Azure.RequestFailedException: This request is not authorized to perform this operation using "
    "this permission. Status: 403 ErrorCode: AuthorizationPermissionMismatch",
    "data-network": "The listener for function 'Functions.score' was unable to start.\nAzure.RequestFailedException: "
    "This request is not authorized to perform this operation.\nStatus: 403\nErrorCode: AuthorizationFailure",
    "storage-network": "Azure.RequestFailedException: This request is not authorized to perform this operation.\n"
    "Status: 403\nErrorCode: AuthorizationFailure",
    "service-bus-network": "status-code: 401, status-description: Ip has been prevented to connect to the endpoint.",
    "queue-disabled": "Messaging entity 'sb://iris.servicebus.windows.net/orders' is currently disabled. For more "
    "information please see https://aka.ms/ServiceBusExceptions . (MessagingEntityDisabled).",
    "no-functions": "info: Host.Startup[327]\n      0 functions loaded\n      No job functions found.",
    "host-id": "fail: HostIdValidator\n      A collision for Host ID 'contoso-churn-prediction-scoring' was detected",
    "python-version": "ImportError: x\ncannot import name 'cygrpc' from 'grpc._cython'",
    "module-missing": "  File 'score.py', line 3\nModuleNotFoundError: No module named 'xgboost'",
    "import-failed": "ImportError: libGL.so.1: cannot open shared object file",
    "syntax-error": "    def run(data)\n                 ^\nSyntaxError: expected ':'",
    "init-failed": 'Traceback (most recent call last):\n  File "score.py", line 9, in init\nValueError: bad pickle',
    "memory": "Container iris_0 exited with code 137",
    "port": "Container iris_0 didn't respond to HTTP pings on port: 80, failing site start.",
}


class TestNamedCauses:
    @pytest.mark.parametrize("name", LOGS)
    def test_are_found_by_their_signature(self, name: str) -> None:
        """Each cause is named from a log as the platform or Python writes it."""
        cause = named_cause(f"starting\n{LOGS[name]}\nstopping\n", ENDPOINT)

        assert cause is not None
        assert name == cause.name

    def test_have_an_example_each(self) -> None:
        """No row of the table is without a log that shows it."""
        assert {cause.name for cause in (*CAUSES, *ENDPOINT.causes)} == set(LOGS)

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("module-missing", "the entry script cannot import `xgboost`"),
            ("setting-undefined", "the app setting `IN_PATH`"),
            ("queue-missing", "`sb://iris.servicebus.windows.net/orders`"),
            ("service-bus-denied", "the claim `Listen`"),
        ],
    )
    def test_quote_what_the_log_says(self, name: str, words: str) -> None:
        """The module, setting or queue that is missing is named."""
        cause = named_cause(LOGS[name], ENDPOINT)

        assert cause is not None
        assert words in cause.meaning

    def test_name_a_queue_also_where_a_code_follows(self) -> None:
        """Which is a sign of the same, and names none."""
        cause = named_cause(IN_VAIN, ENDPOINT)

        assert cause is not None
        assert "`sb://iris.servicebus.windows.net/requests`" in cause.meaning

    @pytest.mark.parametrize(("said", "name"), [(DOWN, "data-denied"), (PASSING, "connection-wrong")])
    def test_are_found_in_what_listeners_say(self, said: str, name: str) -> None:
        """A refusal behind a host that goes down is that of the trigger's storage."""
        cause = named_cause(said, ENDPOINT)

        assert cause is not None
        assert name == cause.name

    def test_fill_their_remedy_too(self) -> None:
        """What to do names the setting to define."""
        cause = named_cause(LOGS["setting-undefined"], ENDPOINT)

        assert cause is not None
        assert "Give `IN_PATH` a value with `app-settings`." == cause.remedy

    @pytest.mark.parametrize(
        "line",
        [
            "Storage account connection string 'AzureWebJobsTriggerConnectionString' does not exist.",
            "Microsoft Azure WebJobs SDK ServiceBus connection string 'TriggerConnectionString' is missing or empty.",
            "Unable to find matching constructor while trying to create an instance of BlobServiceClient.",
        ],
    )
    def test_of_a_missing_connection_have_many_wordings(self, line: str) -> None:
        """Each extension says it in its own way."""
        cause = named_cause(f"The listener for function 'score' was unable to start. {line}", ENDPOINT)

        assert cause is not None
        assert "connection-missing" == cause.name

    @pytest.mark.parametrize(
        "line",
        [
            "Image pull failed: Verify docker image configuration and credentials. unauthorized: no role",
            "Failed to pull image: contoso.azurecr.io/package. Image pull failed, HTTP 403 Forbidden",
        ],
    )
    def test_of_a_refused_pull_have_many_wordings(self, line: str) -> None:
        """App Service writes a refused pull in several ways."""
        cause = named_cause(line, ENDPOINT)

        assert cause is not None
        assert "pull-denied" == cause.name

    def test_are_taken_from_the_end_of_the_log(self) -> None:
        """A pull that failed first and then worked is not the cause of what failed later."""
        cause = named_cause(f"{LOGS['pull-denied']}\npulled\n{LOGS['no-functions']}", ENDPOINT)

        assert cause is not None
        assert "no-functions" == cause.name

    def test_are_none_in_a_healthy_log(self) -> None:
        """A log without a known signature names nothing."""
        healthy = "Host initialized (12ms)\nHost started\nFound the following functions: Host.Functions.score\n"

        assert named_cause(healthy, ENDPOINT) is None


class TestWhatIsNoMatterOfRoles:
    """Refusals that no role ends: nothing is waited for."""

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("storage-network", "the network rules of the host's storage account keep the app out"),
            ("data-network", "the network rules of the trigger's storage account keep the app out"),
            ("service-bus-network", "the network rules of the Service Bus namespace keep the app out"),
            ("queue-disabled", "the queue `sb://iris.servicebus.windows.net/orders` is disabled"),
        ],
    )
    def test_has_a_name_of_its_own(self, name: str, words: str) -> None:
        """Storage says AuthorizationFailure where the network refuses, AuthorizationPermissionMismatch for roles."""
        log = LOGS[name]

        cause = named_cause(log, ENDPOINT)

        assert cause is not None
        assert (name, words) == (cause.name, cause.meaning)
        roles = ["Storage Blob Data Owner on x", "Azure Service Bus Data Receiver on y"]
        assert "" == denied_for_now(roles, log, "", ENDPOINT)
