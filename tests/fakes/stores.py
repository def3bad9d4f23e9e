"""An object store in a process of its own: moto's S3, spoken to in plain HTTP."""

import io
import re
import subprocess
import sys
from typing import Any

import pyarrow.parquet as pq

from tests.fakes.processes import eventually, free_port
from tests.fakes.web import web

SIGNED = "AWS4-HMAC-SHA256 Credential=test/20251121/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
"""A signature that moto does not verify; without one a caller is anybody, who may not read."""


class ObjectStore:
    """An S3 of this machine that takes any credentials; `start` may come later than the URL is known."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "ObjectStore":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def start(self, bucket: str = "") -> None:
        """Starts it, empty, with a bucket of this name."""
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(lambda: web().get(self.url), "the start of the object store")
        if bucket:
            assert web().put(f"{self.url}/{bucket}").status_code == 200

    def objects(self, bucket: str) -> list[str]:
        """The names of all objects."""
        listing = web().get(f"{self.url}/{bucket}", params={"list-type": "2"}).text
        return sorted(re.findall(r"<Key>([^<]+)</Key>", listing))

    def content(self, bucket: str, name: str) -> bytes:
        """What an object holds."""
        answer = web().get(f"{self.url}/{bucket}/{name}", headers={"authorization": SIGNED})
        assert answer.status_code == 200
        return answer.content

    def rows(self, bucket: str) -> list[dict[str, Any]]:
        """All records in the bucket, by time."""
        files = [pq.ParquetFile(io.BytesIO(self.content(bucket, name))) for name in self.objects(bucket)]
        return sorted((row for file in files for row in file.read().to_pylist()), key=lambda row: row["timestamp"])
