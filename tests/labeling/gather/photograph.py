"""Photographs a drawn sheet: perspective, rotation, uneven light, blur and noise."""

import numpy as np
from PIL import Image, ImageFilter


def photograph(
    sheet, rng, turned=0.0, tilt=0.06, light=0.5, noise=4.0, size=(1700, 2200), reach=0.36
):
    """Returns a picture of a sheet on a darker table, uint8 [height, width].

    Args:
      sheet: a grey Pillow picture.
      turned: degrees.
      tilt: by how much corners move, as a share of the picture.
      reach: half of the sheet's width, as a share of the picture.
      light: brightness of the darkest corner by that of the brightest.
    """
    width, height = size
    angle = np.deg2rad(turned)
    half = reach * width * np.array([1, sheet.height / sheet.width])
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    corners = corners @ turn + (width / 2, height / 2)
    corners += rng.uniform(-tilt, tilt, (4, 2)) * width
    flat = [(0, 0), (sheet.width, 0), (sheet.width, sheet.height), (0, sheet.height)]
    rows, right = [], []
    for (u, v), (x, y) in zip(corners, flat, strict=True):
        rows += [[u, v, 1, 0, 0, 0, -x * u, -x * v], [0, 0, 0, u, v, 1, -y * u, -y * v]]
        right += [x, y]
    back = np.linalg.solve(np.array(rows), np.array(right))
    table = Image.new("L", sheet.size, 255)
    seen, paper = (
        np.asarray(
            each.transform(
                size, Image.Transform.PERSPECTIVE, back, Image.Resampling.BILINEAR
            ).filter(ImageFilter.GaussianBlur(0.7)),
            np.float32,
        )
        for each in (sheet, table)
    )
    y, x = np.mgrid[:height, :width].astype(np.float32)
    shade = 1 - (1 - light) * (0.6 * x / width + 0.4 * y / height)
    picture = np.where(paper > 128, 30 + seen * 0.8, 90 + 12 * np.sin(x / 9)) * shade
    return (picture + rng.normal(0, noise, picture.shape)).clip(0, 255).astype(np.uint8)
