"""Take the pictures of the real case out of its report and write them, compressed, for the docs.

Run from the repository's root::

    navigator run docs/examples/real_ct/request.json --out out/real_ct
    python docs/examples/real_ct/draw.py out/real_ct/report.html
"""

from __future__ import annotations

import base64
import io
import re
import sys
from pathlib import Path

from PIL import Image

PICTURES = Path(__file__).resolve().parents[2] / "pictures"
NAMES = ("real_ct_planes.jpg", "real_ct_scene.jpg")
EMBEDDED = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")
QUALITY = 85


def main() -> None:
    """Write the first two pictures of a report: the planes, then the scene."""
    report = Path(sys.argv[1]).read_text(encoding="utf-8")
    found = EMBEDDED.findall(report)[: len(NAMES)]
    if len(found) < len(NAMES):
        sys.exit(f"{sys.argv[1]}: expected {len(NAMES)} pictures, got {len(found)}")
    PICTURES.mkdir(exist_ok=True)
    for name, text in zip(NAMES, found, strict=True):
        picture = Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB")
        path = PICTURES / name
        picture.save(path, quality=QUALITY, optimize=True, progressive=True)
        print(f"{path.name}: {path.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
