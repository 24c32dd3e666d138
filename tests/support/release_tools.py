#!/usr/bin/env python3
"""What a rehearsal of a release has in the place of `gh`, `skopeo` and `make`.

It is copied by these names into a folder of PATH. `gh` is as strict as the real one where a release depends on it: a
release of a tag that is not there is refused, and a published one takes no more files, as with immutable releases.
`skopeo` is the real one, over http; as this machine is no arm64, what is copied as `arm64` is called one.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any


def gh(words: list[str]) -> int:
    """`gh auth setup-git`, `gh release view|create|upload|edit`."""
    if words == ["auth", "setup-git"]:
        return 0 if os.environ.get("GH_TOKEN") else _refused("no token")
    (verb, tag), options = words[1:3], words[3:]
    file = Path(os.environ["REHEARSAL"]) / "releases" / f"{tag}.json"
    known = json.loads(file.read_text()) if file.exists() else None
    if verb == "create":
        there = subprocess.run(
            ["git", "ls-remote", "--exit-code", "--tags", "origin", tag], check=False, capture_output=True
        )
        if known or there.returncode or "--verify-tag" not in options:
            return _refused(f"no tag {tag}, or a release of it")
        notes = Path(options[options.index("--notes-file") + 1]).read_text()
        known = {"draft": "--draft" in options, "notes": notes, "assets": []}
    elif known is None:
        return _refused("release not found")
    elif verb == "view":
        sys.stdout.write(f"{json.dumps(known['draft'])}\n")
    elif verb == "upload":
        if not known["draft"]:
            return _refused("the release is immutable")
        known["assets"].append(Path(options[0]).name)
    elif verb == "edit":
        known["draft"] = "--draft=false" not in options
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(known))
    return 0


def skopeo(words: list[str]) -> int:
    """The real one, without certificates."""
    if words[0] == "login":
        sys.stdin.read()
        return 0
    plain = ["--src-tls-verify=false", "--dest-tls-verify=false"] if words[0] == "copy" else ["--tls-verify=false"]
    real = next(path for path in ("/usr/bin/skopeo", "/usr/local/bin/skopeo") if Path(path).exists())
    code = subprocess.run([real, "--insecure-policy", *words, *plain], check=False).returncode
    if code == 0 and words[0] == "copy" and words[-1].startswith("oci:") and words[-1].endswith(":arm64"):
        _call_it_arm64(Path(words[-1].split(":")[1]))
    return code


def _call_it_arm64(layout: Path) -> None:
    index = json.loads((layout / "index.json").read_text())
    entry = index["manifests"][-1]
    manifest = json.loads(_blob(layout, entry["digest"]).read_bytes())
    config = json.loads(_blob(layout, manifest["config"]["digest"]).read_bytes())
    manifest["config"] |= _written(layout, {**config, "architecture": "arm64"})
    entry |= _written(layout, manifest)
    (layout / "index.json").write_text(json.dumps(index))


def _blob(layout: Path, digest: str) -> Path:
    return layout / "blobs" / digest.replace(":", "/")


def _written(layout: Path, document: dict[str, Any]) -> dict[str, Any]:
    content = json.dumps(document).encode()
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    _blob(layout, digest).write_bytes(content)
    return {"digest": digest, "size": len(content)}


def make(words: list[str]) -> int:
    """The environment is there already."""
    wanted = {word.partition("/")[0] for word in words if not word.startswith("-")}
    for name in wanted:
        if not Path(name).exists():
            Path(name).symlink_to(Path(os.environ["REHEARSAL_ROOT"]) / name)
    return 0


def _refused(why: str) -> int:
    sys.stderr.write(f"{why}\n")
    return 1


def link(folder: Path) -> Path:
    """Link the programs into a folder; gives it."""
    folder.mkdir(parents=True)
    for name in ("gh", "skopeo", "make"):
        shutil.copy(__file__, folder / name)
        (folder / name).chmod(0o755)
    return folder


if __name__ == "__main__":
    sys.exit({"gh": gh, "skopeo": skopeo, "make": make}[Path(sys.argv[0]).name](sys.argv[1:]))
