import io

import numpy as np
import pytest
from PIL import Image

from labeling.store import Store


def draw_picture(shade=0, size=(40, 12)):
    """Returns a PNG of white paper with a bar; each shade makes another one."""
    pixels = np.full(size[::-1], 255, np.uint8)
    pixels[4:8, 5:-5] = shade
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def picture():
    return draw_picture


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "labels")
    yield store
    store.close()
