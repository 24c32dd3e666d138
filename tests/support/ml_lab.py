"""An Azure ML workspace and its storage account, in memory; both misbehave when they are told to."""

from __future__ import annotations

import base64
import hashlib
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from azure.core.pipeline.transport import RequestsTransport

from functions_model.azure.cloud import AZURE_CLOUD
from functions_model.azureml import download_model, fetch_environment
from functions_model.azureml.transfer_settings import TransferSettings
from functions_model.core.registered import MachineLearningWorkspace, RegisteredAsset
from support.fake_arm import Answer, Asked, FakeCredential, arm_error, clients_for, session_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from functions_model.azure.clients import AzureClients
    from functions_model.core.spec import Model

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ml"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/lab"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/labstorage"
KEY = base64.b64encode(b"the account's key").decode()


@dataclass
class Fault:
    """What happens to the next requests for a blob."""

    blob: str
    answer: Answer | Callable[[Asked, Answer], Answer] | Exception
    times: int = 1


@dataclass
class Lab:
    """The workspace `lab` with the model `iris` and the environment `iris-env`, and everything that was asked."""

    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    refusals: dict[str, Answer] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    metadata: dict[str, dict[str, str]] = field(default_factory=dict)
    listed: dict[str, dict[str, Any]] = field(default_factory=dict)
    secrets: dict[str, Any] = field(default_factory=lambda: {"secretsType": "AccountKey", "key": KEY})
    allowed: tuple[str, ...] = ("Bearer", "SharedKey", "sig=")
    refusal_code: str = "AuthorizationPermissionMismatch"
    faults: list[Fault] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    masked: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    storage_suffix: str = "core.windows.net"
    settings: TransferSettings = field(default_factory=TransferSettings)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.settings = replace(self.settings, piece_bytes=4, sleep=self.waits.append)
        self.documents[WORKSPACE] = {"id": WORKSPACE, "name": "lab"}
        self.documents[ACCOUNT] = {"properties": {"primaryEndpoints": {"blob": "https://labstorage.z1.blob.test/"}}}
        self.documents[f"{WORKSPACE}/datastores/store"] = {
            "properties": {
                "datastoreType": "AzureBlob",
                "accountName": "labstorage",
                "containerName": "models",
                "endpoint": "core.windows.net",
            }
        }

    def register(self, version: str, path: str = "run/1/model", kind: str = "models", **properties: Any) -> str:
        """One more version, newer than those before; its ARM id."""
        name = "iris" if kind == "models" else "iris-env"
        place = f"{WORKSPACE}/{kind}/{name}/versions/{version}"
        uri = f"azureml://subscriptions/{SUBSCRIPTION}/resourcegroups/ml/workspaces/lab/datastores/store/paths/{path}"
        self.documents[f"{WORKSPACE}/{kind}/{name}"] = {"name": name}
        self.documents[place] = {"id": place, "name": version, "properties": {"modelUri": uri, **properties}}
        return place

    def clients(self) -> AzureClients:
        """For Resource Manager."""
        return clients_for(self.arm, replace(AZURE_CLOUD, storage_suffix=self.storage_suffix))

    def download(self, folder: Path, version: str | None = "1", *, with_credential: bool = True) -> Model:
        """What the product makes of it."""
        return download_model(
            self.asset("iris", version),
            self.clients(),
            folder,
            report=self.lines.append,
            mask=self.masked.append,
            credential=FakeCredential() if with_credential else None,
            settings=self.settings,
            options={"transport": RequestsTransport(session=session_for(self.storage), session_owner=False)},
        )

    def environment(self, folder: Path, version: str | None = "1") -> Path:
        """What the product makes of it."""
        return fetch_environment(self.asset("iris-env", version), self.clients(), folder, report=self.lines.append)

    def asset(self, name: str, version: str | None, workspace: str = "lab") -> RegisteredAsset:
        return RegisteredAsset(name, version, MachineLearningWorkspace(SUBSCRIPTION, "ml", workspace))

    def arm(self, asked: Asked) -> Answer:
        """Resource Manager."""
        self.asked.append(asked)
        path = "/" + asked.path.lstrip("/")
        if path in self.refusals:
            return self.refusals[path]
        if path.endswith("/listSecrets"):
            return Answer(200, self.secrets)
        if path.rpartition("/")[2] in {"versions", "models", "environments", "workspaces"}:
            return self._collection(path, parse_qs(asked.query))
        document = self.documents.get(path)
        return Answer(200, document) if document else arm_error(404, "UserError", "Not found")

    def _collection(self, path: str, query: dict[str, list[str]]) -> Answer:
        found = [item for key, item in self.documents.items() if key.rpartition("/")[0] == path]
        if "ActiveOnly" in query.get("listViewType", []):
            found = [item for item in found if not item["properties"].get("isArchived")]
        if query.get("$orderBy") == ["createdtime desc"]:
            found.reverse()
        return Answer(200, {"value": found[: int(query.get("$top", ["1000"])[0])]})

    def storage(self, asked: Asked) -> Answer:
        """The blob service."""
        with self.lock:
            proof = asked.headers.get("authorization", "") + asked.query
            if not any(kind in proof for kind in self.allowed):
                return storage_error(403, self.refusal_code)
            if "comp=list" in asked.query:
                return self._broken("", asked, Answer(200, self._listing(parse_qs(asked.query)).encode(), XML))
            name = asked.path.removeprefix("/models/")
            self.ranges.append(f"{name} {asked.headers.get('x-ms-range', '')}")
            return self._broken(name, asked, self._range(name, asked))

    def _broken(self, name: str, asked: Asked, answer: Answer) -> Answer:
        for fault in self.faults:
            if fault.blob == name and fault.times:
                fault.times -= 1
                if isinstance(fault.answer, Exception):
                    raise fault.answer
                return fault.answer if isinstance(fault.answer, Answer) else fault.answer(asked, answer)
        return answer

    def _listing(self, query: dict[str, list[str]]) -> str:
        prefix = query.get("prefix", [""])[0]
        blobs = "".join(self._listed(name) for name in sorted(self.blobs) if name.startswith(prefix))
        return f"<EnumerationResults><Blobs>{blobs}</Blobs><NextMarker/></EnumerationResults>"

    def _listed(self, name: str) -> str:
        content = self.blobs[name]
        md5 = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
        fields = {
            "BlobType": "BlockBlob",
            "Etag": "0x1",
            "Content-Length": len(content),
            "Content-MD5": md5,
            **self.listed.get(name, {}),
        }
        inner = "".join(f"<{key}>{value}</{key}>" for key, value in fields.items())
        metadata = "".join(f"<{key}>{value}</{key}>" for key, value in self.metadata.get(name, {}).items())
        named = f"<Name>{escape(name)}</Name>"
        return f"<Blob>{named}<Properties>{inner}</Properties><Metadata>{metadata}</Metadata></Blob>"

    def _range(self, name: str, asked: Asked) -> Answer:
        if asked.headers.get("if-match") != "0x1":
            return storage_error(412, "ConditionNotMet")
        first, last = (int(end) for end in asked.headers["x-ms-range"].removeprefix("bytes=").split("-"))
        content = self.blobs[name][first : last + 1]
        where = f"bytes {first}-{first + len(content) - 1}/{len(self.blobs[name])}"
        described = {"content-range": where, "content-length": str(len(content)), "x-ms-blob-type": "BlockBlob"}
        return Answer(206, content, {**described, "etag": "0x1", "content-type": "application/octet-stream"})


XML = {"content-type": "application/xml"}


def storage_error(status: int, code: str) -> Answer:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>No.\nRequestId:1</Message></Error>"
    return Answer(status, body.encode(), {**XML, "x-ms-error-code": code})
