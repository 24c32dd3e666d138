"""The migration page names everything that people come with, and points only to what is there."""

from __future__ import annotations

import re

import pytest
import yaml

from functions_model.inputs.catalogue import CATALOGUE, OUTPUTS
from support.documents import ROOT, TEMPLATE

PAGE = ROOT / "docs/how-to/migrate.md"

PACKAGE = """
    workspace models inference_config generate_dockerfile functions_enabled trigger auth_level input_path output_path
    input_queue_name output_queue_name image_name image_label
"""
INFERENCE_CONFIG = """
    entry_script runtime conda_file extra_docker_file_steps source_directory enable_gpu description base_image
    base_image_registry cuda_version environment
"""
MODEL_PACKAGE = "location wait_for_creation get_container_registry get_logs pull save"
ACTION_INPUTS = "azure_credentials model_name model_version parameters_file"
ACTION_PARAMETERS = """
    name deployment_compute_target inference_source_directory inference_entry_script test_enabled test_file_path
    test_file_function_name conda_file extra_docker_file_steps enable_gpu cuda_version model_data_collection_enabled
    authentication_enabled app_insights_enabled runtime custom_base_image profiling_enabled profiling_dataset cpu_cores
    memory_gb delete_service_after_deployment skip_deployment create_image tags properties description location
    ssl_enabled ssl_cert_pem_file ssl_key_pem_file ssl_cname dns_name_label gpu_cores autoscale_enabled
    autoscale_min_replicas autoscale_max_replicas autoscale_refresh_seconds autoscale_target_utilization
    scoring_timeout_ms replica_max_concurrent_requests max_request_wait_time num_replicas period_seconds
    initial_delay_seconds timeout_seconds success_threshold failure_threshold namespace token_auth_enabled
"""
ACTION_VARIABLES = """
    FUNCTION_HTTP_AUTH_LEVEL FUNCTION_BLOB_INPUT FUNCTION_BLOB_OUTPUT FUNCTION_SERVICE_BUS_QUEUE_INPUT
    FUNCTION_SERVICE_BUS_QUEUE_OUTPUT CONTAINER_REGISTRY_ADRESS CONTAINER_REGISTRY_USERNAME
    CONTAINER_REGISTRY_PASSWORD PRIMARY_KEY SECONDARY_KEY CMK_VAULT_BASE_URL CMK_KEY_NAME CMK_KEY_VERSION
"""
ACTION_OUTPUTS = """
    service_scoring_uri service_swagger_uri acr_address acr_username acr_password package_location profiling_details
"""
COMMANDS = (
    "az group create",
    "az functionapp plan create",
    "az appservice plan create",
    "az storage account create",
    "az storage account show-connection-string",
    "az functionapp create",
    "az storage container create",
    "az functionapp config appsettings set",
    "az acr credential show",
    "az acr repository show-tags",
    "az functionapp config container set",
    "az storage blob upload",
    "az storage blob list",
    "az storage blob download",
    "az servicebus namespace create",
    "az servicebus queue create",
    "az servicebus namespace authorization-rule keys list",
)
CONTAINER_TASK = """
    azureSubscription appName deployToSlotOrASE resourceGroupName slotName imageName containerCommand
    configurationStrings AppServiceApplicationUrl
"""
"""Of AzureFunctionAppContainer@1, 1.279; `appSettings` has its notation beside it."""
CONTAINER_APPS_TASK = """
    azureSubscription appSourcePath dockerfilePath acrName acrUsername acrPassword imageToBuild imageToDeploy
    containerAppName resourceGroup location environmentVariables containerAppEnvironment ingress targetPort runtimeStack
"""
TABLES = {
    "package, package_http, package_blob, package_service_bus_queue": PACKAGE,
    "InferenceConfig": INFERENCE_CONFIG,
    "ModelPackage": MODEL_PACKAGE,
    "AzureFunctionAppContainer@1": CONTAINER_TASK,
    "AzureContainerApps@1": CONTAINER_APPS_TASK,
    "Inputs": ACTION_INPUTS,
    "Parameters in deploy.json": ACTION_PARAMETERS,
    "Environment variables": ACTION_VARIABLES,
    "Outputs": ACTION_OUTPUTS,
}
"""Heading of each section, and what the first column of its tables must name."""


def rows(text: str) -> list[tuple[str, str]]:
    """The two cells of every table row, without heads and rules."""
    cells = re.findall(r"^\| (.+?) \| (.+) \|$", text, re.MULTILINE)
    return [(left, right) for left, right in cells if set(left) != {"-"} and right != "here"]


def section(heading: str) -> str:
    """The page from a heading to the next one of any rank."""
    found = re.search(rf"^#+ {re.escape(heading)}$(.*?)(?=^#|\Z)", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert found, heading
    return found.group(1)


def quoted(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


class TestWhatPeopleComeWith:
    """Nobody finds their own argument missing."""

    @pytest.mark.parametrize("heading", TABLES)
    def test_names(self, heading: str) -> None:
        """Every argument, input, parameter, variable and output has its row."""
        named = {name for left, _ in rows(section(heading)) for name in quoted(left)}

        assert set() == set(TABLES[heading].split()) - named

    def test_commands(self) -> None:
        """Every command of the classic guide has its row."""
        starts = [quote for left, _ in rows(section("The classic guide")) for quote in quoted(left)]

        assert [] == [command for command in COMMANDS if not any(start.startswith(command) for start in starts)]


class TestWhatTheyAreSentTo:
    """Nobody is sent to something that is not there."""

    def test_names(self) -> None:
        """Each name in kebab case in a right-hand cell is an input, an output, or one of the few other things."""
        ours = {spec.name for spec in CATALOGUE} | {output.name for output in OUTPUTS}
        others = {"service-bus-queue", "spark-py", "functions-model", "azureml-inference-server-http"}
        named = {name for _, right in rows(PAGE.read_text()) for name in quoted(right)}

        assert set() == {name for name in named if re.fullmatch(r"[a-z]+(-[a-z]+)+", name)} - ours - others

    def test_parameters_of_the_template(self) -> None:
        """What is in camelCase in a right-hand cell about a task is a parameter, an input of another spelling."""
        tasks = ("AzureFunctionAppContainer@1", "AzureContainerApps@1")
        named = {name for task in tasks for _, right in rows(section(task)) for name in quoted(right)}
        parameters = {one["name"] for one in yaml.safe_load(TEMPLATE.read_text())["parameters"]}

        assert set() == {name for name in named if re.fullmatch(r"[a-z]+([A-Z][a-z]+)+", name)} - parameters

    def test_every_row_answers(self) -> None:
        """A row names what to use, or begins with a dash and says why there is nothing."""
        answers = rows(PAGE.read_text())

        assert [] == [left for left, right in answers if right.startswith("—") and len(right) < 20]
        assert [] == [
            left for left, right in answers if not (right.startswith("— ") or quoted(right) or "step" in right)
        ]

    def test_columns(self) -> None:
        """Every table has two columns, and no row lost one."""
        lines = [line for line in PAGE.read_text().splitlines() if line.startswith("|")]

        assert [] == [line for line in lines if line.count(" | ") != 1]
