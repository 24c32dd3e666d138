"""An environment's bill of materials: what scanners of images read, in CycloneDX's form.

https://cyclonedx.org/docs/1.6/json/. Imported where it is first used: the library takes its time, and a run that sends
no image must start fast.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.hash.factories import HashTypeFactory
from cyclonedx.model import Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from functions_model import __version__
from functions_model.core.references import canonical_json
from functions_model.environment.locked_packages import LockedPackage
from functions_model.environment.locking import CondaPackage, Lock

_TOOL = "functions-model-action"


def bill_of_materials(lock: Lock, *, name: str, python_version: str, epoch: int = 0) -> bytes:
    """A CycloneDX 1.6 document in JSON: one component for each package of a lock. The same input gives the same bytes.

    A component's hashes are those that its file may have, as the lock has them.

    Args:
        lock: The environment.
        name: What it belongs to: the image's repository.
        python_version: `3.12`.
        epoch: The document's time, in seconds since 1970.
    """
    root, conda = _root(name, python_version, lock), lock.conda.packages if lock.conda else ()
    components = [*map(_conda_component, conda), *map(_wheel_component, lock.packages)]
    asked = {requirement.name for requirement in lock.request.requirements}
    tool = Component(name=_TOOL, version=__version__, type=ComponentType.APPLICATION, bom_ref=_TOOL)
    when = datetime.fromtimestamp(epoch, UTC)
    bom = Bom(
        components=components,
        metadata=BomMetaData(component=root, tools=ToolRepository(components=[tool]), timestamp=when),
        serial_number=uuid5(NAMESPACE_URL, f"{_TOOL}/{__version__}/{name}/{python_version}/{epoch}/{lock.digest}"),
    )
    bom.register_dependency(root, [one for one in components if one.name in asked] or components)
    return canonical_json(json.loads(JsonV1Dot6(bom).output_as_string()))


def _root(name: str, python_version: str, lock: Lock) -> Component:
    described = {"python-version": python_version, "platform": lock.platform, "lock": lock.digest}
    properties = [Property(name=f"functions-model:{key}", value=value) for key, value in described.items()]
    return Component(name=name, type=ComponentType.APPLICATION, bom_ref=f"image:{name}", properties=properties)


def _conda_component(package: CondaPackage) -> Component:
    qualifiers = {"build": package.build, "channel": package.channel, "subdir": package.subdir}
    qualifiers["type"] = "conda" if package.file_name.endswith(".conda") else "tar.bz2"
    purl = PackageURL("conda", name=package.name, version=package.version, qualifiers=qualifiers)
    return _component(package.name, package.version, purl, [f"sha256:{package.sha256}"])


def _wheel_component(package: LockedPackage) -> Component:
    version, qualifiers = package.version, {}
    if "://" in package.version:
        version, qualifiers = _version_of(package.version), {"download_url": package.version}
    purl = PackageURL("pypi", name=package.name, version=version or None, qualifiers=qualifiers)
    return _component(package.name, version, purl, package.hashes)


def _component(name: str, version: str, purl: PackageURL, hashes: Iterable[str]) -> Component:
    return Component(
        name=name,
        version=version,
        type=ComponentType.LIBRARY,
        bom_ref=purl.to_string(),
        purl=purl,
        hashes=[HashTypeFactory().from_composite_str(value) for value in hashes],
    )


def _version_of(url: str) -> str:
    """The version in a wheel's file name; empty when there is none."""
    try:
        return str(parse_wheel_filename(url.rpartition("/")[2].partition("#")[0])[1])
    except InvalidWheelFilename:
        return ""
