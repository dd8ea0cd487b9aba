import io
from pathlib import Path

from PIL import Image

from serving.client.readings import Reading
from serving.predict.drawing import draw_readings


def test_boxes_are_drawn_with_readings_in_any_script(tmp_path: Path) -> None:
    stream = io.BytesIO()
    Image.new("L", (300, 120), 230).save(stream, "PNG")
    lines = [Reading("é ж 漢", 0.5, (), (20.0, 30.0, 50.0, 200.0)), Reading("whole", 0.5)]
    draw_readings(stream.getvalue(), lines, tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as drawn:
        assert drawn.size == (300, 120)
        assert drawn.getpixel((30, 35)) == (200, 30, 30)
