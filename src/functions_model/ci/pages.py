"""What a repository holds for a CI host to deploy from it: a workflow of GitHub, a pipeline of Azure DevOps."""

from __future__ import annotations

from dataclasses import dataclass

import yaml

ENVIRONMENT = "production"
"""Of GitHub, that the workflow's job deploys to: the login trusts its jobs."""


@dataclass(frozen=True, slots=True)
class Deploying:
    """What a workflow or a pipeline says.

    Attributes:
        action: What names this action: `OWNER/functions-model-action@v1`.
        app: The app's name.
        branch: The branch that is deployed.
        within: Where the project lies in its repository; empty at the top.
        file: Its own path in the repository.
        inputs: The inputs file's path in the repository.
        has_lfs: Whether git keeps files of the repository elsewhere.
    """

    action: str
    app: str
    branch: str
    within: str
    file: str
    inputs: str
    has_lfs: bool = False


def scalar(text: str) -> str:
    """A text as YAML has it; plain where nobody reads it as anything else."""
    return yaml.safe_dump(text, width=10_000, allow_unicode=True).removesuffix("...\n").strip()


def workflow_text(deploying: Deploying) -> str:
    """A workflow of GitHub."""
    paths = [f"{deploying.within}/**", deploying.file] if deploying.within else []
    only = f"    paths: [{', '.join(scalar(path) for path in paths)}]\n" if paths else ""
    lfs = "          lfs: true # the model's files are kept by Git LFS\n" if deploying.has_lfs else ""
    where = f"          working-directory: {scalar(deploying.within)}\n" if deploying.within else ""
    return _WORKFLOW.format(
        app=deploying.app,
        branch=scalar(deploying.branch),
        only=only,
        lfs=lfs,
        where=where,
        action=deploying.action,
        environment=ENVIRONMENT,
        inputs=deploying.inputs,
    )


_WORKFLOW = """\
# Deploys the model at each push. Written by `functions-model init`; {inputs} says what is deployed, and where.
name: deploy {app}

on:
  push:
    branches: [{branch}]
{only}  workflow_dispatch:

permissions: {{}}

concurrency:
  group: deploy-{app}
  cancel-in-progress: false # a deployment that is cut off half-way has to be run again

jobs:
  deploy:
    runs-on: ubuntu-latest
    timeout-minutes: 60
    environment:
      name: {environment} # the login trusts jobs of this environment
      url: ${{{{ steps.deploy.outputs.app-url }}}}
    permissions:
      contents: read
      id-token: write # lets the job ask GitHub for the token that Azure trusts
    steps:
      - uses: actions/checkout@v7
        with:
{lfs}          persist-credentials: false
      - id: deploy
        uses: {action}
        with:
{where}          inputs-file: {inputs}
          subscription-id: ${{{{ vars.AZURE_SUBSCRIPTION_ID }}}}
          tenant-id: ${{{{ vars.AZURE_TENANT_ID }}}}
          client-id: ${{{{ vars.AZURE_CLIENT_ID }}}}
"""


def pipeline_text(deploying: Deploying) -> str:
    """A pipeline of Azure DevOps, with the template."""
    repository, _, tag = deploying.action.partition("@")
    paths = f"  paths:\n    include: [{scalar(deploying.within)}]\n" if deploying.within else ""
    where = f"          workingDirectory: {scalar(deploying.within)}\n" if deploying.within else ""
    return _PIPELINE.format(
        branch=scalar(deploying.branch),
        paths=paths,
        repository=repository,
        tag=tag,
        where=where,
        inputs=deploying.inputs,
    )


_PIPELINE = """\
# Deploys the model at each push. Written by `functions-model init`; {inputs} says what is deployed, and where.
trigger:
  branches:
    include: [{branch}]
{paths}
resources:
  repositories:
    - repository: functionsModel
      type: github
      name: {repository}
      ref: refs/tags/{tag}
      endpoint: github # your service connection to GitHub

jobs:
  - job: deploy
    timeoutInMinutes: '60'
    pool:
      vmImage: ubuntu-latest
    steps:
      - template: azure-pipelines/deploy.yml@functionsModel
        parameters:
          serviceConnection: azure # your service connection to Azure
{where}          inputsFile: {inputs}
      - bash: echo "Live at $(functionsModel.scoringUrl)"
"""
