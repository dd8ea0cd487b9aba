import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

MODEL_NAME = "lines"
PAGES = "pages"


def write_model(folder: Path, greeting: str = "read") -> None:
    """Write a model that "reads" the length of an image, and multiplies numbers by two."""
    import tensorflow as tf

    class Tiny(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.factor = tf.Variable(2.0)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
        def read(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
            length = tf.strings.length(image_bytes)
            return {
                "text": tf.strings.join([greeting, tf.strings.as_string(length)], " "),
                "confidence": tf.cast(length, tf.float32) / 10.0,
            }

        @tf.function(
            input_signature=[
                tf.TensorSpec([None, 2], tf.float32, name="x"),
                tf.TensorSpec([None], tf.int64, name="n"),
            ]
        )
        def double(self, x: tf.Tensor, n: tf.Tensor) -> dict[str, tf.Tensor]:
            return {"doubled": self.factor * x, "n": n, "total": tf.reduce_sum(x)}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="raw")])
        def echo(self, raw: tf.Tensor) -> dict[str, tf.Tensor]:
            return {"raw_bytes": raw}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
        def checked(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
            with tf.control_dependencies([tf.debugging.assert_positive(x, "not positive")]):
                return {"root": tf.sqrt(x)}

    tiny = Tiny()
    signatures = {
        "serving_default": tiny.read,
        "double": tiny.double,
        "echo": tiny.echo,
        "checked": tiny.checked,
    }
    tf.saved_model.save(tiny, str(folder), signatures=signatures)


@pytest.fixture(scope="session")
def saved_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved_model") / "tiny"
    write_model(folder)
    return folder


@pytest.fixture(scope="session")
def base_path(saved_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("base")
    shutil.copytree(saved_model, base / "7")
    return base


@pytest.fixture(scope="session")
def server(base_path: Path) -> Iterator["object"]:
    from serving.server.model_server import ModelServer, ServerOptions

    options = ServerOptions(max_request_bytes=100_000, grace_seconds=5)
    with ModelServer(MODEL_NAME, base_path, options=options) as running:
        running.wait_until_available(30)
        yield running


def write_detector(folder: Path) -> None:
    """Write a detector that finds bands of rows with ink: pixels darker than its variable."""
    import tensorflow as tf

    from transforms.image import decode_image

    class BandDetector(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.threshold = tf.Variable(128, name="kernel")

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
        def detect(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
            corners = tf.map_fn(
                lambda image: tf.reshape(self.find(image), [-1]),
                image_bytes,
                fn_output_signature=tf.RaggedTensorSpec([None], tf.float32, ragged_rank=0),
            )
            count = tf.cast(corners.row_lengths(), tf.int32) // 4
            boxes = tf.reshape(corners.to_tensor(-1.0), [tf.size(count), -1, 4])
            return {"boxes": boxes, "scores": boxes[:, :, 0], "count": count}

        def find(self, image: tf.Tensor) -> tf.Tensor:
            ink = tf.cast(decode_image(image), tf.int32) < self.threshold  # [h, w]
            rows = tf.pad(tf.cast(tf.reduce_any(ink, axis=1), tf.int32), [[1, 1]])
            steps = rows[1:] - rows[:-1]
            edges = tf.concat([tf.where(steps > 0), tf.where(steps < 0)], axis=1)  # [m, 2]

            def box(edge: tf.Tensor) -> tf.Tensor:
                columns = tf.where(tf.reduce_any(ink[edge[0] : edge[1]], axis=0))[:, 0]
                return tf.stack([edge[0], columns[0], edge[1], columns[-1] + 1])

            found = tf.map_fn(box, edges, fn_output_signature=tf.TensorSpec([4], tf.int64))
            return tf.cast(found, tf.float32)

    detector = BandDetector()
    tf.saved_model.save(detector, str(folder), {"serving_default": detector.detect})


def write_line_reader(folder: Path) -> None:
    """Write a line model that spells, for each 28 columns of a line, how much ink they have."""
    import tensorflow as tf

    from schema.alphabet import Alphabet
    from serving.export import LineReader, export_servable
    from transforms.ctc import blank_padding

    alphabet = Alphabet("abcdefgh")
    # Named as the detector's variable, as two networks that one library made are.
    kernel = tf.Variable(20.0, name="kernel")

    def network(lines: tf.Tensor, widths: tf.Tensor) -> tf.Tensor:
        count = tf.shape(lines)[0]
        padded = tf.pad(lines, [[0, 0], [0, 0], [0, -tf.shape(lines)[2] % 28], [0, 0]])
        ink = tf.reduce_mean(padded[..., 0], axis=1)  # [n, w]
        cells = tf.reduce_mean(tf.reshape(ink, [count, -1, 28]), axis=2)
        symbols = tf.cast(tf.clip_by_value(cells * kernel, 1.0, 8.0), tf.int32)
        inside = tf.sequence_mask((widths + 27) // 28, tf.shape(cells)[1])
        spelled = tf.where(inside, symbols, 0)
        # A blank after each symbol keeps repeats apart.
        frames = tf.reshape(tf.stack([spelled, tf.zeros_like(spelled)], axis=2), [count, -1])
        return blank_padding(
            9.0 * tf.one_hot(frames, alphabet.num_classes), 2 * ((widths + 27) // 28)
        )

    reader = LineReader(network, [kernel], alphabet)
    blank = tf.io.encode_png(tf.fill([40, 90, 1], tf.constant(255, tf.uint8))).numpy()
    export_servable(reader, folder, alphabet, {"network": "ink", "seed": 7}, [blank])


@pytest.fixture(scope="session")
def parents(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The base paths of a pushed detector and a pushed line model."""
    folder = tmp_path_factory.mktemp("parents")
    write_detector(folder / "detector" / "3")
    write_line_reader(folder / "lines" / "5")
    return folder / "detector", folder / "lines"


@pytest.fixture(scope="session")
def pages_base_path(parents: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    from serving.page_export import compose_page

    base = tmp_path_factory.mktemp("pages")
    compose_page(*parents, base)
    return base


@pytest.fixture(scope="session")
def page_server(pages_base_path: Path) -> Iterator["object"]:
    from serving.server.model_server import ModelServer

    with ModelServer(PAGES, pages_base_path) as running:
        running.wait_until_available(30)
        yield running


@pytest.fixture(scope="session")
def certificate() -> tuple[str, str]:
    """A private key and a certificate of its own for 127.0.0.1, as PEM text."""
    import datetime
    import ipaddress

    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem.decode(), made.public_bytes(serialization.Encoding.PEM).decode()
