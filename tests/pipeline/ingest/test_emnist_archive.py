import hashlib
import io
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from pipeline.ingest.balance import balance_classes
from pipeline.ingest.download import PARTIAL_SUFFIX
from pipeline.ingest.emnist import Glyphs, read_emnist
from pipeline.ingest.emnist_archive import (
    ARCHIVE_NAME,
    DATA_SETS,
    EMNIST,
    MERGED_CASES,
    fetch_archive,
    take_data_set,
)
from pipeline.ingest.emnist_files import find_emnist
from pipeline.ingest.idx import write_idx
from schema.errors import InputError

MAPPINGS = {
    "letters": "1 65 97\n2 66 98\n",  # two codes a line, labels from 1
    "balanced": "0 48\n1 65\n2 97\n",
}
FIRST_LABEL = {"letters": 1, "balanced": 0}


class Server(ThreadingHTTPServer):
    """Serves one file; `breaks` connections end after half of what they should send."""

    daemon_threads = True

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = content
        self.breaks = 0
        self.ranges = True
        self.status = 200
        self.requests: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/gzip.zip"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server, wanted = self.server, self.headers.get("Range")
        server.requests.append(wanted)
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        if server.status != 200:
            self.send_error(server.status)
            return
        if wanted and server.ranges and start >= len(server.content):
            self.send_error(416)
            return
        body = server.content[start:] if server.ranges else server.content
        self.send_response(206 if wanted and server.ranges else 200)
        if wanted and server.ranges:
            size = len(server.content)
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if server.breaks:
            server.breaks -= 1
            body = body[: len(body) // 2]
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def make_archive(mappings: dict[str, str] = MAPPINGS, leave_out: str = "none") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("../escaped.txt", "never unpacked")
        for number, (name, mapping) in enumerate(mappings.items()):
            archive.writestr(f"gzip/emnist-{name}-mapping.txt", mapping)
            labels = np.arange(8, dtype=np.uint8) % len(mapping.splitlines())
            labels += np.uint8(FIRST_LABEL[name])
            for seed, split in enumerate(("train", "test")):
                images = np.random.default_rng([number, seed]).integers(
                    0, 256, (8, 28, 28), np.uint8
                )
                for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
                    member = f"gzip/emnist-{name}-{split}-{kind}-ubyte.gz"
                    if leave_out not in member:
                        archive.writestr(member, idx_bytes(array))
    return content.getvalue()


def idx_bytes(array: np.ndarray) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        write_idx(Path(folder) / "x.gz", array)
        return (Path(folder) / "x.gz").read_bytes()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes], Server]]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    servers: list[Server] = []

    def start(content: bytes) -> Server:
        server = Server(content)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


CONTENT = np.random.default_rng(0).bytes(1_000_000)


def test_the_official_archive_is_pinned() -> None:
    assert EMNIST.url.startswith("https://")
    assert len(bytes.fromhex(EMNIST.sha256)) == 32
    assert EMNIST.licence
    assert "Cohen" in EMNIST.citation


def test_downloads_once_and_keeps_the_file(serve, tmp_path: Path, capsys) -> None:
    server = serve(CONTENT)
    for _ in range(2):
        path = fetch_archive(tmp_path / "cache", server.url, sha256(CONTENT))
    assert path.read_bytes() == CONTENT
    assert [p.name for p in path.parent.iterdir()] == [ARCHIVE_NAME]
    assert server.requests == [None]
    assert not capsys.readouterr().err  # no bar where nobody watches


def test_a_broken_connection_is_taken_up_at_once(serve, tmp_path: Path) -> None:
    server = serve(CONTENT)
    server.breaks = 2
    path = fetch_archive(tmp_path, server.url, sha256(CONTENT))
    assert path.read_bytes() == CONTENT
    assert server.requests == [None, "bytes=500000-", "bytes=750000-"]


def test_a_connection_that_keeps_breaking_leaves_a_part_to_continue(serve, tmp_path: Path) -> None:
    server = serve(CONTENT)
    server.breaks = 5
    with pytest.raises(InputError, match="run again to continue") as caught:
        fetch_archive(tmp_path, server.url, sha256(CONTENT))
    assert "\n" not in str(caught.value)
    partial = tmp_path / (ARCHIVE_NAME + PARTIAL_SUFFIX)
    have = partial.stat().st_size
    assert f"after {have} bytes" in str(caught.value)
    assert 900_000 < have < 1_000_000
    assert fetch_archive(tmp_path, server.url, sha256(CONTENT)).read_bytes() == CONTENT
    assert server.requests[-1] == f"bytes={have}-"
    assert not partial.exists()


def test_a_server_without_ranges_is_asked_for_everything(serve, tmp_path: Path) -> None:
    server = serve(CONTENT)
    server.ranges = False
    (tmp_path / (ARCHIVE_NAME + PARTIAL_SUFFIX)).write_bytes(CONTENT[:1000])
    assert fetch_archive(tmp_path, server.url, sha256(CONTENT)).read_bytes() == CONTENT


def test_a_complete_part_only_needs_its_name(serve, tmp_path: Path) -> None:
    server = serve(CONTENT)
    (tmp_path / (ARCHIVE_NAME + PARTIAL_SUFFIX)).write_bytes(CONTENT)
    assert fetch_archive(tmp_path, server.url, sha256(CONTENT)).read_bytes() == CONTENT


def test_a_wrong_download_is_not_kept(serve, tmp_path: Path) -> None:
    server = serve(b"an error page")
    with pytest.raises(InputError, match=r"got .* \(13 bytes\): run again"):
        fetch_archive(tmp_path, server.url, sha256(CONTENT))
    assert not list(tmp_path.iterdir())


def test_a_part_of_another_file_does_not_last(serve, tmp_path: Path) -> None:
    server = serve(CONTENT)
    (tmp_path / (ARCHIVE_NAME + PARTIAL_SUFFIX)).write_bytes(b"other" * 10)
    with pytest.raises(InputError, match="expected the SHA-256"):
        fetch_archive(tmp_path, server.url, sha256(CONTENT))
    assert fetch_archive(tmp_path, server.url, sha256(CONTENT)).read_bytes() == CONTENT


def test_a_file_that_changed_is_refused_and_left_alone(serve, tmp_path: Path) -> None:
    server = serve(CONTENT)
    path = fetch_archive(tmp_path, server.url, sha256(CONTENT))
    path.write_bytes(CONTENT[:-1])
    with pytest.raises(InputError, match=rf"999999 bytes.*{ARCHIVE_NAME}: delete it"):
        fetch_archive(tmp_path, server.url, sha256(CONTENT))
    assert path.exists()


@pytest.mark.parametrize("status", [404, 503])
def test_a_refusal_is_named(serve, tmp_path: Path, status: int) -> None:
    server = serve(CONTENT)
    server.status = status
    with pytest.raises(InputError, match=rf"expected to download .*{status}.*by hand") as caught:
        fetch_archive(tmp_path, server.url, sha256(CONTENT))
    assert "\n" not in str(caught.value)


def test_no_network_is_named(serve, tmp_path: Path) -> None:
    server = serve(CONTENT)
    server.shutdown()
    server.server_close()
    with pytest.raises(InputError, match=r"ConnectError.*after 0 bytes.*--data-dir"):
        fetch_archive(tmp_path, server.url, sha256(CONTENT))


def test_a_cache_that_is_no_folder_is_named(serve, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"expected a folder with room.*file"):
        fetch_archive(tmp_path / "file", serve(CONTENT).url, sha256(CONTENT))


def put_archive(folder: Path, content: bytes) -> tuple[Path, str]:
    path = folder / ARCHIVE_NAME
    path.write_bytes(content)
    return path, sha256(content)


def test_a_data_set_is_read_out_of_the_archive(tmp_path: Path) -> None:
    path, digest = put_archive(tmp_path, make_archive())
    splits = read_emnist(find_emnist(take_data_set(path, "balanced", digest)), 0)
    assert splits.train.characters.tolist() == list("0Aa0Aa0A")
    stored = np.random.default_rng([1, 0]).integers(0, 256, (8, 28, 28), np.uint8)
    np.testing.assert_array_equal(splits.train.images, stored.swapaxes(1, 2))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["balanced", ARCHIVE_NAME]
    assert len(list((tmp_path / "balanced").iterdir())) == 5
    assert not (tmp_path.parent / "escaped.txt").exists()


def test_files_that_are_there_are_kept_and_spoiled_ones_replaced(tmp_path: Path) -> None:
    path, digest = put_archive(tmp_path, make_archive())
    folder = take_data_set(path, "balanced", digest)
    [mapping] = folder.glob("*mapping*")
    before = mapping.stat().st_mtime_ns
    assert take_data_set(path, "balanced", digest) == folder
    assert mapping.stat().st_mtime_ns == before
    mapping.write_text("spoiled")
    take_data_set(path, "balanced", digest)
    assert mapping.read_text() == MAPPINGS["balanced"]


def test_labels_of_letters_start_at_one_and_take_the_capital(tmp_path: Path) -> None:
    path, digest = put_archive(tmp_path, make_archive())
    splits = read_emnist(find_emnist(take_data_set(path, "letters", digest)), 0)
    assert splits.train.characters.tolist() == list("ABABABAB")


def test_merged_cases_are_told() -> None:
    assert set(MERGED_CASES) < set(DATA_SETS)
    assert len(MERGED_CASES["letters"]) == 26
    # 62 classes less 15 small letters are the 47 of ByMerge and Balanced.
    assert len(MERGED_CASES["bymerge"]) == len(MERGED_CASES["balanced"]) == 62 - 47


def test_an_archive_is_checked_at_every_reading(tmp_path: Path) -> None:
    path, digest = put_archive(tmp_path, make_archive())
    take_data_set(path, "letters", sha256=digest)
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(InputError, match="expected the SHA-256"):
        take_data_set(path, "letters", sha256=digest)
    path.unlink()
    with pytest.raises(InputError, match="No such file"):
        take_data_set(path, "letters", sha256=digest)


def test_an_unknown_data_set_is_named(tmp_path: Path) -> None:
    path, digest = put_archive(tmp_path, make_archive())
    with pytest.raises(InputError, match=r"byclass, .*got '\.\./\.\./byclass'"):
        take_data_set(path, "../../byclass", sha256=digest)


def test_a_missing_member_is_named(tmp_path: Path) -> None:
    path, digest = put_archive(tmp_path, make_archive(leave_out="letters-test-labels"))
    with pytest.raises(InputError, match=r"gzip/emnist-letters-test-labels-idx1-ubyte\.gz"):
        take_data_set(path, "letters", sha256=digest)


def test_what_is_no_zip_is_named(tmp_path: Path) -> None:
    path, digest = put_archive(tmp_path, b"no zip")
    with pytest.raises(InputError, match=f"expected a zip archive.*{ARCHIVE_NAME}"):
        take_data_set(path, "letters", sha256=digest)


def glyphs_of(characters: str) -> Glyphs:
    images = np.arange(len(characters), dtype=np.uint8)[:, None, None]
    return Glyphs(np.broadcast_to(images, (len(characters), 28, 28)), np.array(list(characters)))


def test_balancing_cuts_frequent_classes_to_the_median() -> None:
    glyphs = glyphs_of("a" * 50 + "b" * 10 + "c" * 3)
    balanced = balance_classes(glyphs, seed=1)
    assert "".join(balanced.characters) == "a" * 10 + "b" * 10 + "c" * 3
    numbers = balanced.images[:, 0, 0]
    assert len(set(numbers.tolist())) == 23
    np.testing.assert_array_equal(glyphs.characters[numbers], balanced.characters)
    again, other = (balance_classes(glyphs, seed).images[:, 0, 0] for seed in (1, 2))
    np.testing.assert_array_equal(numbers, again)
    assert set(numbers.tolist()) != set(other.tolist())


def test_balancing_leaves_equal_classes_and_nothing_alone() -> None:
    assert "".join(balance_classes(glyphs_of("abcabc")).characters) == "abcabc"
    assert len(balance_classes(glyphs_of(""))) == 0
