"""The way to a real collector with trouble on it: TLS, a collector that starts late, one that stops."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from collector_support import Collector, run, sent_tree
from examples_support import ROOT, need, tool

pytestmark = pytest.mark.xdist_group("collector")
Collectors = Callable[..., Collector]

PYTHON = """
import sys, time
def f(n):
    return [n] * n
f(1)
time.sleep(float(sys.argv[1]))
f(2)
"""
NODE = """
function f(n) { return [n, n].map(String); }
f(1);
setTimeout(f, 1000 * process.argv[2], 2);
"""
GO = """
package main

import (
	"os"
	"strings"
	"time"
)

func f(n int) string { return strings.Repeat("x", n) }

func wait() {
	d, _ := time.ParseDuration(os.Args[1] + "s")
	time.Sleep(d)
}

func main() {
	f(1)
	wait()
	f(2)
}
"""
FILES = {"Python": ("f.py", PYTHON), "Node": ("f.js", NODE), "Go": ("main.go", GO)}
COMMANDS = {"Python": [sys.executable, "f.py"], "Node": ["node", "f.js"], "Go": ["./program"]}
LANGUAGES = list(FILES)


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an instrumented program per language."""
    need("node")
    room = tmp_path_factory.mktemp("programs")
    for name, (file, text) in FILES.items():
        (room / "source" / name).mkdir(parents=True)
        (room / "source" / name / file).write_text(text)
    (room / "source" / "Go" / "go.mod").write_text("module example.com/program\n\ngo 1.21\n")
    tool(room / "source", "--use-scripts", "--all-functions", "-o", room / "made", "--cache-dir", room / "c", cwd=room)
    build = ["go", "build", "-o", "program", "-tags", "telemetry_http", "."]
    subprocess.run(build, cwd=room / "made" / "Go", check=True)
    return room / "made"


CERTIFICATE = """
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"time"
)

func write(name, kind string, data []byte, err error) {
	if err == nil {
		err = os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}), 0o600)
	}
	if err != nil {
		panic(err)
	}
}

func main() {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	data, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	write("cert.pem", "CERTIFICATE", data, err)
	data, err = x509.MarshalECPrivateKey(key)
	write("key.pem", "EC PRIVATE KEY", data, err)
}
"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate for localhost, of servers and clients: cert.pem and key.pem."""
    folder = tmp_path_factory.mktemp("certificate")
    (folder / "main.go").write_text(CERTIFICATE)
    subprocess.run(["go", "run", "main.go"], cwd=folder, check=True, capture_output=True)
    return folder


def over_tls(folder: Path, certificate: Path, clients: bool) -> Path:
    """The collector's settings with TLS, and with clients that have to show a certificate."""
    files = {"cert_file": "cert.pem", "key_file": "key.pem"} | ({"client_ca_file": "cert.pem"} if clients else {})
    lines = "".join(f"          {key}: {certificate / name}\n" for key, name in files.items())
    text = (ROOT / "collector/config.yaml").read_text()
    at = text.index("\n", text.index("endpoint:")) + 1
    path = folder / "tls.yaml"
    path.write_text(text[:at] + "        tls:\n" + lines + text[at:])
    return path


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("clients", [False, True], ids=["", "clients show one too"])
def test_over_tls(
    language: str, clients: bool, programs: Path, certificate: Path, collector: Collectors, tmp_path: Path
) -> None:
    running = collector(config=over_tls(tmp_path, certificate, clients), scheme="https")
    trusted = {"OTEL_EXPORTER_OTLP_CERTIFICATE": str(certificate / "cert.pem")}
    if clients:
        trusted["OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"] = str(certificate / "cert.pem")
        trusted["OTEL_EXPORTER_OTLP_CLIENT_KEY"] = str(certificate / "key.pem")
    sent = sent_tree(running, [*COMMANDS[language], "0.2"], programs / language, **trusted)
    assert sent.parents["f"] == (["main"] * 2 if language == "Go" else [""] * 2)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_certificate_that_nobody_trusts_is_refused(
    language: str, programs: Path, certificate: Path, collector: Collectors, tmp_path: Path
) -> None:
    running = collector(config=over_tls(tmp_path, certificate, False), scheme="https")
    with running:
        settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": running.url, "OTEL_BSP_EXPORT_TIMEOUT": "2000"}
        done = run([*COMMANDS[language], "0"], programs / language, settings)
    assert (done.out, done.err) == ("", "") and running.file.read_text() == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_collector_may_start_late_and_stop_early(language: str, programs: Path, collector: Collectors) -> None:
    running = collector()
    settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": running.url, "OTEL_BSP_SCHEDULE_DELAY": "50"}
    outcomes = []
    work = threading.Thread(
        target=lambda: outcomes.append(run([*COMMANDS[language], "8"], programs / language, settings))
    )
    work.start()
    time.sleep(1.5)  # the program has tried, in vain
    with running:
        for _ in range(120):
            if running.file.exists() and '"f"' in running.file.read_text():
                break
            time.sleep(0.05)
        came = running.collected()  # and stops
    work.join()
    assert [span["name"] for span in came.spans] == ["f"]
    assert [(done.out, done.err) for done in outcomes] == [("", "")]
