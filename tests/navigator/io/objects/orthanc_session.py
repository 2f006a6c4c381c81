"""Starts Orthanc in a network of its own, stores files in it, fetches them back, ends it.

Run as a program inside ``unshare --net``: nothing of it can be reached from elsewhere, and it can
reach nothing. Prints one JSON object: by file what came back.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

PORT = 8042
SERVER = f"http://127.0.0.1:{PORT}"
LONGEST_START_S = 30.0
BOUNDARY = "part-of-a-study"


def configuration(folder: Path, plugin: str) -> dict[str, Any]:
    """Describe an archive that listens on this machine alone, and only for HTTP."""
    return {
        "Name": "test",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "HttpBindAddresses": ["127.0.0.1"],
        "HttpPort": PORT,
        "DicomServerEnabled": False,
        "Plugins": [plugin],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }


def call(path: str, data: bytes | None = None, **headers: str) -> bytes:
    """Ask the server, or send to it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(SERVER + path, data=data, headers=named)  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
        content: bytes = answer.read()
    return content


def wait_until_ready(server: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers."""
    begin = time.monotonic()
    while time.monotonic() - begin < LONGEST_START_S and server.poll() is None:
        try:
            call("/system")
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
        else:
            return
    raise SystemExit("Orthanc did not start")


def store_by_stow(files: list[Path]) -> dict[str, Any]:
    """Store files as one DICOMweb request (PS3.18, 10.5)."""
    parts = [
        f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        + file.read_bytes()
        + b"\r\n"
        for file in files
    ]
    body = b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
    kind = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'
    accepted = "application/dicom+json"
    answer = call("/dicom-web/studies", body, Content_Type=kind, Accept=accepted)
    found: dict[str, Any] = json.loads(answer)
    return found


def fetched(file: Path, uid: str) -> dict[str, Any]:
    """Fetch a file by its UID and compare."""
    (number,) = json.loads(call("/tools/lookup", uid.encode()))[:1]
    content = call(f"/instances/{number['ID']}/file")
    patient = json.loads(call(f"/instances/{number['ID']}/simplified-tags"))["PatientID"]
    return {
        "same_bytes": content == file.read_bytes(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "patient": patient,
    }


def main() -> None:
    """Do it all; the server is ended by its own process."""
    program, plugin, folder, uids = sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4]
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)  # noqa: S607 - as everywhere
    config = folder / "orthanc.json"
    config.write_text(json.dumps(configuration(folder, plugin)), encoding="utf-8")
    with (folder / "orthanc.log").open("wb") as log:
        server = subprocess.Popen([program, str(config)], stdout=log, stderr=log)  # noqa: S603
        try:
            wait_until_ready(server)
            files = {Path(name): uid for name, uid in json.loads(Path(uids).read_text()).items()}
            stored = store_by_stow(list(files))
            results = {file.stem: fetched(file, uid) for file, uid in files.items()}
        finally:
            server.terminate()
            server.wait(30)
    failed = stored.get("00081198", {}).get("Value", [])
    sys.stdout.write(json.dumps({"failed": failed, "results": results}))


if __name__ == "__main__":
    main()
