"""What the app collects, where that goes, and what opens the account. `payload/collecting.py` reads it."""

from __future__ import annotations

import json

from functions_model.provision.host import Wanted
from functions_model.provision.kinds.identity import ObservedIdentity
from functions_model.provision.kinds.storage_account import account_in
from functions_model.provision.observed import Observed
from functions_model.provision.settings.host_storage import account_setting

_SETTING = "FUNCTIONS_MODEL_COLLECT"
_URL, _CLIENT_ID, CONNECTION = f"{_SETTING}_URL", f"{_SETTING}_CLIENT_ID", f"{_SETTING}_CONNECTION"
_OURS = frozenset({_SETTING, _URL, _CLIENT_ID, CONNECTION})


def collect_settings(wanted: Wanted, observed: Observed) -> dict[str, str | None]:
    """Nothing for an app that collects nothing. None is not known before the account, or its key, is there."""
    account = wanted.resources.collect_storage_account
    if wanted.target.collect is None or account is None:
        return {}
    there, who = account_in(observed, account), observed.of(ObservedIdentity)
    asked = {_SETTING: _document(wanted), _URL: there.blob if there else None}
    if wanted.by_keys:
        return {**asked, CONNECTION: account_setting(CONNECTION, account, observed)}
    return {**asked, _CLIENT_ID: who.client_id if who else None}


def obsolete_collect(wanted: Wanted) -> frozenset[str]:
    """Settings of an app that collected before, or by another kind of access."""
    if wanted.target.collect is None:
        return _OURS
    return frozenset({_CLIENT_ID if wanted.by_keys else CONNECTION})


def _document(wanted: Wanted) -> str:
    collect = wanted.target.collect
    if collect is None:
        return ""
    document = {
        "collections": dict(collect.rates),
        "container": collect.container,
        "folder": collect.folder,
        "rolling": collect.rolling,
        "source": f"{wanted.names.group_id}/providers/{wanted.host.type}/{wanted.names.app}",
    }
    return json.dumps(document, separators=(",", ":"), sort_keys=True)
