"""TLS for the wire: the certificate that settings name, or one of our own made at the first start of need."""

from __future__ import annotations

import logging
import os
import shutil
import ssl
import subprocess
from pathlib import Path

from runyard.core.errors import InvalidRequest

log = logging.getLogger(__name__)

CERTIFICATE = "pg.crt"
KEY = "pg.key"
MAKE_S = 20
DAYS = 3650


def server_context(home: Path, certificate: str = "", key: str = "") -> ssl.SSLContext | None:
    """The context of a server, None where there is neither a certificate nor a way to make one."""
    if certificate:
        return _context(Path(certificate), Path(key or certificate))
    made = home / CERTIFICATE, home / KEY
    if not all(file.exists() for file in made) and not _make(*made):
        return None
    return _context(*made)


def _context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise InvalidRequest(
            f"[pg] cert {certificate} with key {key} cannot be used: {error}. Name PEM files that belong together."
        ) from error
    return context


def _make(certificate: Path, key: Path) -> bool:
    """Make a certificate that signs itself: whoever wants to know us by it keeps a copy of it."""
    command = shutil.which("openssl")
    if command is None:
        return False
    words = (
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=runyard "
        f"-days {DAYS} -addext subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"
    )
    drafts = [file.with_suffix(f"{file.suffix}.{os.getpid()}") for file in (key, certificate)]
    places = ("-keyout", str(drafts[0]), "-out", str(drafts[1]))
    try:
        subprocess.run([command, *words.split(), *places], check=True, capture_output=True, timeout=MAKE_S, umask=0o077)
        for draft, file in zip(drafts, (key, certificate), strict=True):
            draft.replace(file)
    except (subprocess.SubprocessError, OSError) as error:
        log.warning("no certificate could be made, so that the wire is spoken in clear text only: %s", error)
        return False
    return True
