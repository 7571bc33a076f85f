"""`mcp-gateway manifests`: what it prints, says and refuses."""

import argparse
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.platform import PlatformOptions, new_secrets, platform
from local.cli import main
from local.platform_arguments import add_platform_arguments
from local.yaml_text import documents
from tests.infra.choices import CERTIFICATE, CLIENT, PLAIN, TENANT

DOCS = Path(__file__).parents[2] / "docs/cluster.md"

ENTRA = ("--entra-tenant", TENANT, "--entra-client-id", CLIENT, "--public-origin", "https://g.example")

type Captured = pytest.CaptureFixture[str]


def printed(capsys: Captured, *arguments: str) -> tuple[int, str, str]:
    """The exit code, standard output and standard error of a run."""
    with pytest.raises(SystemExit) as ended:
        main(["manifests", *arguments])
    output = capsys.readouterr()
    return int(str(ended.value.code)), output.out, output.err


def loaded(text: str) -> list[Any]:
    return list(yaml.safe_load_all(text))


def test_it_prints_the_platform_as_documents_in_order(capsys: Captured) -> None:
    code, out, err = printed(capsys, "--registry", "r.example.com", "--tag", "1", *ENTRA)
    assert (code, err) == (0, "")
    assert loaded(out) == platform(
        PlatformOptions(
            registry="r.example.com",
            tag="1",
            entra_tenant=TENANT,
            entra_client_id=CLIENT,
            public_origin="https://g.example",
        )
    )


def test_what_it_prints_is_the_same_each_time(capsys: Captured) -> None:
    arguments = ("--registry", "r", "--tag", "1", *ENTRA, "--small", "--hpa", "--set", "Proxy__HoldSeconds=9")
    assert printed(capsys, *arguments) == printed(capsys, *arguments)


def test_every_option_arrives(capsys: Captured) -> None:
    arguments = """--registry r --tag 1 --small --dev-identity --replicas proxy=3,router=4 --requests cpu=50m
        --limits memory=1Gi --hpa --pull-policy Always --public-origin https://g.example --drain 7 --allowed-host a
        --allowed-host b --set Proxy__HoldSeconds=9 --set ToolRouter__PageSize=5 --identity workload-sa=id
        --postgres p:1 --postgres-storage 1Gi --storage-class fast --front-door 10.0.0.0/8 --dns 10.0.0.2/32
        --api-server 10.0.0.1/32 --api-server-port 7443 --pod-range 25.0.0.0/8 --workload-egress internet
        --workload-egress 10.9.0.0/16 --postgres-range 10.8.0.0/16 --allowed-origin https://a.example
        --allowed-origin https://b.example --rate 100 --rate-burst 150 --creator-role one --creator-role two
        --quota-records 5 --quota-replicas 9 --otlp-endpoint https://c.example --otlp-range 10.7.0.0/16 --otlp-port 4318"""
    code, out, _ = printed(capsys, *arguments.split())
    assert code == 0
    assert loaded(out) == platform(
        PlatformOptions(
            registry="r",
            tag="1",
            dev_identity=True,
            proxies=3,
            routers=4,
            control_planes=1,
            requests={"cpu": "50m", "memory": "64Mi"},
            limits={"cpu": "1", "memory": "1Gi"},
            hpa=True,
            pull_policy="Always",
            public_origin="https://g.example",
            drain=7,
            allowed_hosts=["a", "b"],
            settings={"Proxy__HoldSeconds": "9", "ToolRouter__PageSize": "5"},
            identities={"workload-sa": "id"},
            postgres="p:1",
            postgres_storage="1Gi",
            storage_class="fast",
            front_door=["10.0.0.0/8"],
            dns=["10.0.0.2/32"],
            api_server=["10.0.0.1/32"],
            api_server_ports=[7443],
            pod_range=["25.0.0.0/8"],
            workload_egress=["internet", "10.9.0.0/16"],
            postgres_ranges=["10.8.0.0/16"],
            allowed_origins=["https://a.example", "https://b.example"],
            rate=100,
            rate_burst=150,
            creator_roles=["one", "two"],
            quota_records=5,
            quota_replicas=9,
            otlp_endpoint="https://c.example",
            otlp_ranges=["10.7.0.0/16"],
            otlp_ports=[4318],
        )
    )


def test_every_option_of_who_comes_in_arrives(capsys: Captured, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(CERTIFICATE)
    arguments = f"""--registry r --tag 1 --public-origin https://g.example --entra-tenant {TENANT} --entra-client-id {CLIENT}
        --entra-instance https://login.example/ --oidc-issuer https://i.example/realm --oidc-audience one
        --oidc-audience two --oidc-roles-claim a.roles --oidc-scope mcp --oidc-certificates {tmp_path}/ca.pem
        --issuer-range 10.6.0.0/16 --issuer-port 8443"""
    code, out, _ = printed(capsys, *arguments.split())
    assert code == 0
    assert loaded(out) == platform(
        PlatformOptions(
            registry="r",
            tag="1",
            public_origin="https://g.example",
            entra_tenant=TENANT,
            entra_client_id=CLIENT,
            entra_instance="https://login.example/",
            oidc_issuer="https://i.example/realm",
            oidc_audiences=["one", "two"],
            oidc_roles_claim="a.roles",
            oidc_scope="mcp",
            oidc_certificates=CERTIFICATE,
            issuer_ranges=["10.6.0.0/16"],
            issuer_ports=[8443],
        )
    )


def test_whoever_is_not_believed_is_not_warned_of(capsys: Captured) -> None:
    _, _, err = printed(capsys, "--registry", "r", "--tag", "1", *ENTRA)
    assert err == ""


def test_it_warns_of_what_is_open_and_of_what_will_be_lost(capsys: Captured) -> None:
    _, out, err = printed(capsys, "--registry", "r", "--tag", "1", "--dev-identity", "--small")
    assert "--dev-identity" in err
    assert "PostgreSQL keeps its data in its pod" in err
    assert "mcp-gateway: " not in out


def test_workloads_that_may_go_nowhere(capsys: Captured) -> None:
    _, out, _ = printed(capsys, "--registry", "r", "--tag", "1", "--dev-identity", "--workload-egress", "none")
    assert loaded(out) == platform(PlatformOptions(registry="r", tag="1", dev_identity=True, workload_egress=[]))


def test_fresh_secrets_are_printed_apart_and_need_no_images(capsys: Captured) -> None:
    code, out, err = printed(capsys, "--new-secrets")
    assert (code, err) == (0, "")
    kinds = [(item["kind"], item["metadata"]["name"]) for item in loaded(out)]
    expected = [("Secret", name) for name in ("gateway-secret", "seal-keys", "postgres-secret")]
    assert kinds == [("Namespace", "mcp-gateway"), *expected]
    code, with_the_same_options, _ = printed(capsys, "--new-secrets", "--small", *ENTRA)
    assert code == 0
    assert "postgres-secret" in with_the_same_options
    _, out, _ = printed(capsys, "--new-secrets", "--postgres", "external")
    assert "postgres-secret" not in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--tag 1", "--registry is required"),
        ("--registry r", "--tag is required"),
        ("--registry r --tag 1 --replicas agents=1", "--replicas: `agents`"),
        ("--registry r --tag 1 --replicas proxy=x", "--replicas: `x`"),
        ("--registry r --tag 1 --requests cpu", "NAME=VALUE"),
        ("--registry r --tag 1 --dev-identity --front-door everywhere", "--front-door"),
        ("--registry r --tag 1 --set Seal__Keys__0=1", "seal-keys"),
        ("--registry r --tag 1", "who may come in is not said"),
        ("--registry r --tag 1 --oidc-certificates nowhere.pem", "nowhere.pem"),
    ],
)
def test_wrong_arguments_end_with_2_a_sentence_and_no_document(capsys: Captured, arguments: str, said: str) -> None:
    code, out, err = printed(capsys, *arguments.split())
    assert (code, out) == (2, "")
    assert said in err


@pytest.mark.parametrize(
    "word",
    [
        "1e5",
        "12e45678",
        "0x1f",
        "1_000",
        "010",
        "1:30",
        "true",
        "on",
        "no",
        "~",
        "",
        "5",
        ".5",
        "e1",
        "=",
        "a: b",
        "a #b",
        "- a",
        "*a",
    ],
)
def test_a_text_stays_a_text_for_every_reader(word: str) -> None:
    text = documents([{"word": word, "w" + word: "x"}])
    assert loaded(text) == [{"word": word, "w" + word: "x"}]
    if re.fullmatch(r"[0-9.].*", word):
        assert f'"{word}"' in text


def test_the_docs_name_options_that_exist() -> None:
    parser = argparse.ArgumentParser()
    add_platform_arguments(parser)
    rows = [line for line in DOCS.read_text().splitlines() if line.startswith("| `--")]
    named = {option for row in rows for option in re.findall(r"--[a-z-]+", row)}
    assert len(named) > 8
    assert named <= set(parser.format_help().replace("[", " ").replace("]", " ").split())


def test_fresh_secrets_survive_the_way_through_yaml() -> None:
    secrets = new_secrets(PLAIN)
    assert loaded(documents(secrets)) == secrets


def test_a_reader_that_leaves_early_is_no_error_of_ours() -> None:
    command = f"{sys.executable} -m local.cli manifests --registry r --tag 1 --dev-identity | head -n 1"
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=60)
    assert "Traceback" not in ran.stderr
