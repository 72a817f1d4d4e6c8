"""A certificate authority of one's own, by the `openssl` program: no key leaves its folder.

The broker's certificate names every host under which it is reached; readers and devices are given
`ca.crt` and trust nothing else. Keys are P-256, readable by their owner only.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ..errors import LinkError

CA_DAYS: Final = 3650
SERVER_DAYS: Final = 825
"""Longest life that all TLS stacks accept of a server's certificate."""

RENEW_DAYS: Final = 60
"""A certificate with less life left is made anew at the next `make_certificates`."""


def make_certificates(folder: Path, hosts: Sequence[str]) -> bool:
    """Make what is missing, names other hosts or is about to end: `ca.crt`, `server.crt` and their keys.

    Args:
        folder: where they stand; made, readable by its owner only.
        hosts: names and addresses under which the broker is reached; at least one.

    Returns:
        Whether the broker's certificate is a new one.

    Raises:
        LinkError: without `openssl`, or with its own word where it refuses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    ca, ca_key = folder / "ca.crt", folder / "ca.key"
    server, server_key, named = folder / "server.crt", folder / "server.key", folder / "server.hosts"
    if not (ca.exists() and ca_key.exists()):
        _key(ca_key)
        _openssl(
            "req", "-x509", "-new", "-key", str(ca_key), "-out", str(ca), "-days", str(CA_DAYS),
            "-subj", "/CN=Plumbline broker authority",
            "-addext", "basicConstraints=critical,CA:TRUE,pathlen:0",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        )  # fmt: skip
        server.unlink(missing_ok=True)
    names = "\n".join(hosts)
    if server.exists() and named.exists() and named.read_text() == names and _lasts(server):
        return False
    _key(server_key)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        request, extensions = Path(scratch) / "request", Path(scratch) / "extensions"
        extensions.write_text(
            f"subjectAltName={','.join(_alternative_name(host) for host in hosts)}\n"
            "basicConstraints=critical,CA:FALSE\n"
            "keyUsage=critical,digitalSignature\n"
            "extendedKeyUsage=serverAuth\n"
        )
        _openssl("req", "-new", "-key", str(server_key), "-out", str(request), "-subj", f"/CN={hosts[0]}")
        _openssl(
            "x509", "-req", "-in", str(request), "-CA", str(ca), "-CAkey", str(ca_key), "-CAcreateserial",
            "-out", str(server), "-days", str(SERVER_DAYS), "-extfile", str(extensions),
        )  # fmt: skip
    named.write_text(names)
    return True


def fingerprint(certificate: Path) -> str:
    """SHA-256 of a certificate, to be compared by eye when it is carried to another machine."""
    said = _openssl("x509", "-in", str(certificate), "-noout", "-fingerprint", "-sha256")
    return said.strip().partition("=")[2]


def _alternative_name(host: str) -> str:
    try:
        return f"IP:{ipaddress.ip_address(host)}"
    except ValueError:
        if not host or not all(part and part.replace("-", "").isalnum() for part in host.split(".")):
            raise LinkError(f"{host!r} is no name or address of a host") from None
        return f"DNS:{host}"


def _key(path: Path) -> None:
    made = _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(made)


def _lasts(certificate: Path) -> bool:
    seconds = str(RENEW_DAYS * 86400)
    try:
        _openssl("x509", "-in", str(certificate), "-noout", "-checkend", seconds)
    except LinkError:
        return False
    return True


def _openssl(*arguments: str) -> str:
    program = shutil.which("openssl")
    if program is None:
        raise LinkError("certificates need the program openssl, which is not installed (apt install openssl)")
    done = subprocess.run(  # noqa: S603 - the program found above, our own arguments
        [program, *arguments], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise LinkError(f"openssl {arguments[0]} failed: {last[0]}")
    return done.stdout
