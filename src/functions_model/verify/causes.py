"""What a container log says of an app that does not come alive, as a table: signatures, and what to do.

What to do has `{host}`, `{subnet}` and `{memory}` in the words of the app's host, beside what the signature caught.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from functions_model.core.failures import Cause, NamedCause
from functions_model.provision.endpoint import Endpoint

_NO_ROLE = "AuthorizationPermissionMismatch|not authorized to perform this operation using this permission"
_NO_WAY_IN = "AuthorizationFailure|not authorized to perform this operation(?! using)"
"""Storage tells the two apart:
https://learn.microsoft.com/troubleshoot/azure/azure-storage/blobs/authentication/storage-troubleshoot-403-errors."""
_OF_TRIGGER = r"(The listener for function|Host is shutting down)[\s\S]{0,1500}"
"""What stands before the refusal of a trigger's storage: it cannot start, or its look for blobs takes the host down."""
_LET_IN = "Let in {subnet}, or everybody, at"

NEW_ROLES_SECONDS = 600.0
"""What an app has on top of its own time while roles that this run assigned do not count. Azure says up to ten minutes:
https://learn.microsoft.com/azure/role-based-access-control/troubleshooting#symptom---role-assignment-changes-are-not-being-detected."""
_ENDS_WITH = {
    "pull-denied": ("AcrPull", "Container Registry "),
    "storage-denied": ("Storage ",),
    "data-denied": ("Storage ",),
    "service-bus-denied": ("Azure Service Bus ",),
}
"""Causes that end when a role counts, and how the names of such roles begin."""

CAUSES: tuple[Cause, ...] = (
    Cause(
        # To the end of the line: what follows there is the same refusal, and says that it was denied.
        "pull-network",
        r"client with IP '[^']*' is not allowed access.{0,400}",
        "the registry's firewall keeps the app out, whatever role its identity has",
        "Let the app in: with a private endpoint of the registry in the app's network, or by the addresses of the app "
        "(az acr network-rule add).",
    ),
    Cause(
        "pull-denied",
        r"ImagePullUnauthorized|unauthorized: authentication required|authentication required|pull access denied"
        r"|denied: requested access|insufficient_scope|not authorized to pull|does not hold AcrPull"
        r"|needs the role AcrPull"
        r"|(failed to pull image|image pull failed).{0,400}(unauthorized|forbidden|denied|\b401\b|\b403\b)",
        "the identity may not pull the image",
        "A new role can take some minutes to count: run again. If it happens again, check that the app's identity has "
        "AcrPull on the registry (in one with rights by repository, ABAC: Container Registry Repository Reader). Check "
        "also that the registry's network lets the app in.",
    ),
    Cause(
        "vault-network",
        # https://learn.microsoft.com/azure/key-vault/general/rest-error-codes#http-403-insufficient-permissions.
        r"ForbiddenByFirewall|client address is not authorized and caller is not a trusted service",
        "the firewall of a key vault keeps the app out",
        "Let in {subnet}, or the addresses of the app, at the key vault (az keyvault network-rule add).",
    ),
    Cause(
        "vault-denied",
        r"ForbiddenByRbac|ForbiddenByPolicy|caller is not authorized to perform action on resource.{0,400}",
        "the app's identity may not read a key vault",
        "Give the app's identity the role Key Vault Secrets User on the vault. A new role can take some minutes to "
        "count.",
    ),
    Cause(
        "image-missing",
        r"manifest unknown|MANIFEST_UNKNOWN|name unknown|NAME_UNKNOWN|manifest for \S+ not found|ImageNotFound",
        "the registry does not have the image",
        "Run again: the run pushes the image again. Check that no retention policy or purge task deletes it.",
    ),
    Cause(
        "architecture",
        r"exec format error|no matching manifest for linux|cannot execute binary file"
        r"|does not match the .{0,40}platform",
        "the image is for another processor",
        "Set `base-image` to a linux/amd64 image: {host} runs no other.",
    ),
    Cause(
        "listener",
        r"The listener for function '(Functions\.)?(?P<function>[^']+)' was unable to start",
        "the trigger of the function `{function}` cannot listen",
        "Check what the message names, and run again: a deployment creates missing roles, containers and queues.",
    ),
    Cause(
        "host-down",
        r"An unhandled exception has occurred\. Host is shutting down",
        "an exception takes the Functions host down, again after each start",
        "Check what the message names: mostly the trigger's storage account refuses the app.",
    ),
    Cause(
        "setting-undefined",
        r"'?%(?P<setting>[^%\s]+)%'? does not resolve to a value",
        "the app setting `{setting}`, which a path or a queue's name is made of, is not defined",
        "Give `{setting}` a value with `app-settings`.",
    ),
    Cause(
        "connection-missing",
        r"connection string '\w+' (does not exist|is missing or empty)"
        r"|should have an '(fullyQualifiedNamespace|(blob|queue)?ServiceUri)' property"
        r"|missing a value for '(fullyQualifiedNamespace|(blob|queue)?ServiceUri)'"
        r"|matching constructor while trying to create an instance of (Blob|Queue)ServiceClient",
        "the trigger's connection has no setting that names its storage account or namespace",
        "Take settings named TriggerConnectionString out of `app-settings`, and run again: a deployment writes them.",
    ),
    Cause(
        "connection-wrong",
        r"connection string used for an Service Bus client must|connection string could not be parsed"
        r"|No such host is known|Name or service not known \([\w.-]+(servicebus|core)\.|ErrorCode: HostNotFound",
        "the trigger's connection names no storage account or namespace that can be used",
        "Check the app setting TriggerConnectionString: it overrides what a deployment writes. Delete it to "
        "connect by identity.",
    ),
    Cause(
        "service-bus-denied",
        r"Unauthorized access\.? '(?P<claim>\w+)' claim",
        "the app's identity lacks the claim `{claim}` on the queue",
        "A new role can take some minutes to count: run again. If it happens again, check that the app's identity has "
        "Azure Service Bus Data Receiver on the input queue and Azure Service Bus Data Sender on the output queue.",
    ),
    Cause(
        "service-bus-network",
        # MicrosoftDocs/azure-docs, service-bus-messaging-exceptions.md.
        r"Ip has been prevented to connect to the endpoint",
        "the network rules of the Service Bus namespace keep the app out",
        _LET_IN + " the namespace.",
    ),
    Cause(
        "queue-disabled",
        # Azure/azure-service-bus#677 shows the line.
        r"Messaging entity '(?P<entity>[^']+)' is currently disabled.{0,400}",
        "the queue `{entity}` is disabled",
        "Enable it: az servicebus queue update --status Active, with its name, namespace and resource group.",
    ),
    Cause(
        "queue-missing",
        # To the end of the line, where the code stands that names no queue.
        r"messaging entity '(?P<entity>[^']+)' could not be found.{0,600}|MessagingEntityNotFound",
        "the queue `{entity}` does not exist",
        "Run again: missing queues are created.",
    ),
    Cause(
        "data-denied",
        # To the end of the line: what follows there is the same refusal in more words.
        rf"{_OF_TRIGGER}({_NO_ROLE}).{{0,400}}",
        "the trigger may not use its storage account",
        "A new role can take some minutes to count: run again. If it happens again, check the roles of the app's "
        "identity. It needs Storage Blob Data Owner, Storage Queue Data Contributor and Storage Account Contributor, "
        "both on the account with the containers and on the host storage account.",
    ),
    Cause(
        "data-network",
        rf"{_OF_TRIGGER}({_NO_WAY_IN}).{{0,400}}",
        "the network rules of the trigger's storage account keep the app out",
        _LET_IN + " the account with the containers.",
    ),
    Cause(
        "storage-denied",
        rf"{_NO_ROLE}|KeyBasedAuthenticationNotPermitted"
        r"|storage.{0,200}\b403\b|\b403\b.{0,200}(storage|blob)",
        "the host may not use its storage account",
        "A new role can take some minutes to count: run again. If it happens again, check that the app's identity has "
        "Storage Blob Data Owner on the account, and that the account's network lets the app in.",
    ),
    Cause(
        "storage-network",
        rf"({_NO_WAY_IN}).{{0,400}}",
        "the network rules of the host's storage account keep the app out",
        _LET_IN + " the account.",
    ),
    Cause(
        "host-id",
        r"collision for Host ID '(?P<id>[^']+)'",
        "another app has the host id `{id}` in the same storage account: ids are names cut to 32 characters",
        "Give this app its own `storage-account`. Or give it another id with `app-settings`, of 32 lower-case "
        "letters and digits at most, as AzureFunctionsWebHost__hostid; a host with a new id forgets which blobs it has "
        "processed.",
    ),
    Cause(
        "python-version",
        r"cannot import name 'cygrpc'|runs on Python .{0,60}needs",
        "the worker's Python is not the one that the dependencies were built for",
        "Let `python-version`, the environment file and `base-image` name the same minor version.",
    ),
    Cause(
        "module-missing",
        r"ModuleNotFoundError(?:: No module named '| `)(?P<module>[^'`]+)['`]",
        "the entry script cannot import `{module}`",
        "Add the package to the environment file, or the module's file to the source directory.",
    ),
    Cause(
        "import-failed",
        r"ImportError: (?P<error>[^\n]{1,200})",
        "an import of the entry script failed: {error}",
        "Correct the import, or the versions in the environment file.",
    ),
    Cause(
        "syntax-error",
        r"(?P<error>(?:SyntaxError|IndentationError): [^\n]{1,200})",
        "the user's code is not valid Python: {error}",
        "Correct the file that the log names.",
    ),
    Cause(
        "init-failed",
        r"init\(\) (function )?(of the entry script )?(raised|failed)|failed on init|in init\b",
        "`init()` of the entry script failed",
        "Correct `init()`; the log has its traceback. Files of the model are under AZUREML_MODEL_DIR.",
    ),
    Cause(
        "memory",
        r"OOMKilled|out of memory|MemoryError|Cannot allocate memory|exit(ed)? (with )?(code )?137",
        "the container ran out of memory",
        "{memory}, or make the model smaller.",
    ),
)


def named_cause(log: str, endpoint: Endpoint) -> NamedCause | None:
    """The known cause that shows last in a log: what came before it was overcome. None when none shows.

    Args:
        log: Any text of the app.
        endpoint: The app: some causes, and words of what to do, are its host's own.
    """
    latest: tuple[int, NamedCause] | None = None
    for cause in (*CAUSES, *endpoint.causes):
        matches = list(re.finditer(cause.text, log, re.IGNORECASE))
        if matches and (latest is None or matches[-1].end() > latest[0]):
            latest = (matches[-1].end(), cause.named(matches[-1], endpoint.words))
    return latest[1] if latest else None


def denied_for_now(new_roles: Iterable[str], log: str, reason: str, endpoint: Endpoint) -> str:
    """What the app is not allowed to do yet, a clause; empty when no new role would change it.

    Nobody but the app can try a role, and only its log tells.

    Args:
        new_roles: Names of the roles.
        log: The app's container log.
        reason: Why it is not live.
        endpoint: The app.
    """
    cause = named_cause(f"{log}\n{reason}", endpoint)
    if cause is None or not any(role.startswith(_ENDS_WITH.get(cause.name, ())) for role in new_roles):
        return ""
    return cause.meaning
