"""The subjects that the documents give are those that GitHub sends."""

from __future__ import annotations

import re

import pytest

from azure_sandbox.github_oidc import OWNER_ID, REPOSITORY_ID, GithubOidc
from support.documents import ROOT

FILLED = {
    "owner": "contoso",
    "owner-id": OWNER_ID,
    "repository": "models",
    "repository-id": REPOSITORY_ID,
    "branch": "main",
    "tag": "v1",
}


def subjects_in(page: str) -> set[str]:
    """Every subject that stands in a page, with what is to be filled in filled in."""
    found = set(re.findall(r"repo:<[^`\"\s]+", (ROOT / page).read_text()))
    return {re.sub(r"<([\w-]+)>", lambda match: FILLED[match[1]], subject) for subject in found}


def sent(*, immutable: bool) -> dict[str, str]:
    """What the sandbox's GitHub sends, by what a job runs for."""

    def subject(**changes: object) -> str:
        github = GithubOidc()
        github.immutable = immutable
        for name, value in changes.items():
            setattr(github, name, value)
        return github.subject

    return {
        "branch": subject(),
        "tag": subject(ref="refs/tags/v1"),
        "environment": subject(environment="production"),
        "pull request": subject(event="pull_request"),
    }


class TestSubjects:
    @pytest.mark.parametrize("immutable", [False, True], ids=["names", "names-and-ids"])
    def test_of_the_login_page(self, immutable: bool) -> None:
        """Each kind of job, in both forms."""
        assert set(sent(immutable=immutable).values()) <= subjects_in("docs/how-to/oidc-login.md")
        assert subjects_in("docs/how-to/oidc-login.md") <= {
            *sent(immutable=True).values(),
            *sent(immutable=False).values(),
        }

    def test_of_the_readme(self) -> None:
        """A branch, in both forms."""
        assert {sent(immutable=one)["branch"] for one in (True, False)} == subjects_in("README.md")
