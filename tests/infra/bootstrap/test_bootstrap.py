"""The script that prepares where state is kept: run by `sh` with an `az` that is as unforgiving as the real one."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from infra.bootstrap.__main__ import main
from infra.bootstrap.script import only, script
from infra.bootstrap.wish import Wish, WrongWish
from infra.roles import DEFINITIONS

WISH = Wish.checked("contoso", "westus3", "contoso/mcp-gateway")


class Azure:
    """What the script has made, in a folder; `run` runs it once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bin").mkdir()
        (folder / "bin/az").symlink_to(Path(__file__).with_name("az.sh"))
        (folder / "state").mkdir()

    def run(self, wish: Wish, **variables: str) -> "subprocess.CompletedProcess[str]":
        environment = {
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
            "AZ_STATE": f"{self.folder}/state",
            "PAUSE": "0",
        }
        command = ["sh", "-c", script(wish)]
        return subprocess.run(
            command, env=environment | variables, capture_output=True, text=True, timeout=60, check=False
        )

    @property
    def calls(self) -> list[str]:
        return (self.folder / "state/calls").read_text().splitlines()

    @property
    def roles(self) -> set[str]:
        return {each.name for each in (self.folder / "state").glob("role-*")}


@pytest.fixture
def azure(tmp_path: Path) -> Azure:
    """Nothing in it yet."""
    return Azure(tmp_path)


def test_it_makes_what_is_missing_and_says_how_to_go_on(azure: Azure) -> None:
    done = azure.run(WISH)
    assert done.returncode == 0, done.stderr
    assert "pulumi login 'azblob://state?storage_account=contosostate'" in done.stdout
    assert "--secrets-provider='azurekeyvault://contoso-state.vault.azure.net/keys/state'" in done.stdout
    assert "--env azure-preview --body id-mcp-gateway_preview_(contoso_mcp-gateway)" in done.stdout
    assert done.stdout.count("gh variable set AZURE_CLIENT_ID") == 2


def test_once_more_it_makes_nothing_twice(azure: Azure) -> None:
    first = azure.run(WISH)
    second = azure.run(WISH)
    assert second.returncode == 0, second.stderr
    assert second.stdout == first.stdout


def test_a_role_that_does_not_count_yet_is_waited_for(azure: Azure) -> None:
    azure.run(WISH)
    assert sum(call.startswith("storage container create") for call in azure.calls) == 3
    assert sum(call.startswith("keyvault key create") for call in azure.calls) == 3


def test_a_service_principal_may_run_it_too(azure: Azure) -> None:
    done = azure.run(Wish.checked("contoso", "westus3"), AZ_USER_TYPE="servicePrincipal")
    assert done.returncode == 0, done.stderr
    assert any("ServicePrincipal" in call for call in azure.calls if "Crypto Officer" in call)


def test_without_github_there_are_no_identities(azure: Azure) -> None:
    azure.run(Wish.checked("contoso", "westus3"))
    assert not any(call.startswith("ad app") for call in azure.calls)
    assert len(azure.roles) == 2


def test_what_fails_ends_it_with_azures_words(azure: Azure) -> None:
    (azure.folder / "state/app-mcp-gateway_preview_(contoso_mcp-gateway)").mkdir()  # cannot be read, nor made
    done = azure.run(WISH)
    assert done.returncode == 1
    assert "a second application" in done.stderr
    assert "gh variable" not in done.stdout


def test_state_needs_no_key_and_is_kept_when_it_is_deleted(azure: Azure) -> None:
    azure.run(WISH)
    (account,) = [call for call in azure.calls if call.startswith("storage account create")]
    assert "--allow-shared-key-access false" in account
    assert "--allow-blob-public-access false" in account
    assert any("--enable-versioning true" in call for call in azure.calls)
    assert any("--enable-purge-protection true" in call for call in azure.calls)


def test_the_identity_that_looks_may_not_change_anything_but_state(azure: Azure) -> None:
    azure.run(WISH)
    given = {role.split("-")[1] for role in azure.roles if "sp-id-mcp-gateway_preview" in role}
    assert given == {
        "Reader",
        "Storage_Blob_Data_Contributor",
        "Key_Vault_Crypto_User",
        "Azure_Kubernetes_Service_Cluster_User_Role",
    }


def test_the_identity_that_builds_gives_only_the_roles_of_the_program(azure: Azure) -> None:
    azure.run(WISH)
    (call,) = [call for call in azure.calls if "Role Based Access Control Administrator" in call]
    assert "--condition-version 2.0" in call
    assert set(re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=[,}])", call)) == set(DEFINITIONS.values())
    assert call.count("ForAnyOfAnyValues:GuidEquals") == 2  # to give, and to take
    assert "@Resource" in only(["x"])


def test_github_is_believed_for_one_repository_and_one_environment(azure: Azure) -> None:
    azure.run(WISH)
    trusts = [call for call in azure.calls if call.startswith("ad app federated-credential create")]
    assert len(trusts) == 2
    for environment in ("azure-preview", "azure-ephemeral"):
        assert any(f'"subject":"repo:contoso/mcp-gateway:environment:{environment}"' in call for call in trusts)


def test_a_dry_run_prints_exactly_what_would_be_run(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--label", "contoso", "--location", "westus3", "--github", "contoso/mcp-gateway", "--dry-run"]
    assert main(arguments) == 0
    assert capsys.readouterr().out == script(WISH)


@pytest.mark.parametrize(
    "wrong",
    [
        ("UPPER", "westus3", ""),
        ("a" * 19, "westus3", ""),
        ("x; rm -rf /", "westus3", ""),
        ("contoso", "West US 3", ""),
        ("contoso", "westus3", "no-repository"),
        ("contoso", "westus3", "a/b'$(id)"),
        ("contoso", "westus3", "a/b\n"),
    ],
)
def test_names_that_would_not_do_are_refused(wrong: tuple[str, str, str]) -> None:
    with pytest.raises(WrongWish):
        Wish.checked(*wrong)
    with pytest.raises(WrongWish, match="--subscription"):
        Wish.checked("contoso", "westus3", subscription="mine")


def test_wrong_arguments_end_it_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--label", "X", "--location", "westus3"]) == 2
    assert "--label: `X` is not of the form" in capsys.readouterr().err
