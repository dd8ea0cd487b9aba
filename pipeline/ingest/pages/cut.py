"""Cuts lines out of a page: straightened along their baseline, nothing but paper around them.

After `reader.py`. A strip is sampled at right angles to the smoothed baseline, one column for
each pixel of its length, so a rotated or curved line comes out level.
"""

from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage, spatial  # type: ignore[import-untyped]

from pipeline.ingest.images import ImageProblem
from pipeline.ingest.records import LineRecord, PageLine, PageRecord, Problems

MASK_MARGIN = 3
"""Pixels by which an outline is widened: drawn by hand, it often touches the ink."""

REACH = 0.5
"""How far outside its outline a letter may end, as a share of the line's thickness."""

_STEP = 4.0  # pixels between the points at which an outline is measured
_MOST_OUTSIDE = 2.0  # ink outside the outline, as a multiple of what it continues inside
_ALL_AROUND = np.ones((3, 3), dtype=bool)  # diagonal neighbours are connected
_ENOUGH = 2000  # pixels that tell the brightness of paper to within a grey level or two
_STUB = 0.1  # a baseline of a smaller share of the line's length is ignored
_LONG = 3.0  # a box this many times longer than high has a direction


def lines_of(page: PageRecord, problems: Problems) -> Iterator[LineRecord]:
    """Yields the transcribed lines of a page, cut out, at their full height."""
    for line in page.lines:
        if not line.text:
            continue
        try:
            image = cut_line(page.image, line)
        except ImageProblem as error:
            problems.leave_out(page.page_id, line.line_id, str(error))
            continue
        problems.take()
        yield LineRecord(
            sample_id=line_name(page.page_id, line),
            image=image,
            text=line.text,
            source=page.source,
            split=page.split,
            writer=page.writer,
            page=page.page_id,
        )


def line_name(page_id: str, line: PageLine) -> str:
    """Returns what names a line within its data set."""
    return f"{page_id}/{line.line_id}"


def cut_line(image: np.ndarray, line: PageLine, height: int | None = None) -> np.ndarray:
    """Cuts out one line, level, with local paper brightness outside its outline.

    Args:
      image: [page height, page width], uint8.
      line: where it lies; without a baseline its outline says which way it runs.
      height: of the result; as on the page by default.

    Returns:
      [height, width], uint8.

    Raises:
      ImageProblem: no pixel of the page is within the outline.
    """
    outline = np.asarray(line.polygon, dtype=np.float64).reshape(-1, 2)  # [n, 2], x and y
    if len(outline) < 3 or np.ptp(outline, axis=0).min() < 1:
        raise _nothing_in(line)
    curve = _curve(outline, np.asarray(line.baseline, dtype=np.float64).reshape(-1, 2))
    reach = round(REACH * _thickness(outline, curve)) + 1
    rows, columns = _grid(curve, outline, reach + MASK_MARGIN + 2)  # both [h, w]
    strip, inside = _sample(image, outline, rows, columns)
    if not inside.any():
        raise _nothing_in(line)
    paper = _paper(strip, inside)  # [w]
    inside |= _stroke_ends(strip, inside, paper, reach) & np.isfinite(strip)
    used = tuple(slice(places.min(), places.max() + 1) for places in np.nonzero(inside))
    filled = np.where(inside, strip, paper[None])[used]
    cut = np.clip(np.rint(filled), 0, 255).astype(np.uint8)
    return cut if height is None else _resize(cut, height)


def _nothing_in(line: PageLine) -> ImageProblem:
    return ImageProblem(
        f"expected an outline around pixels of the picture, got none in line {line.line_id}: "
        "mark the line again"
    )


def _curve(outline: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """Returns points along which the line runs, in reading direction: [n, 2], float64."""
    if len(baseline):
        moved = np.any(np.diff(baseline, axis=0) != 0, axis=1)
        baseline = baseline[np.concatenate([[True], moved])]
    length = _lengths(baseline)[-1] if len(baseline) > 1 else 0.0
    spans = np.ptp(outline, axis=0)  # [2]
    # A stub has no sure direction; a zigzag longer than the way around the box follows no line.
    if not max(_STUB * spans.max(), 2.0) <= length <= 2 * spans.sum():
        return _axis(outline)
    span = baseline[-1] - baseline[0]
    if span[0] < 0 and abs(span[0]) > abs(span[1]) and not _is_upside_down(outline, baseline):
        return baseline[::-1]
    return baseline


def _is_upside_down(outline: np.ndarray, baseline: np.ndarray) -> bool:
    """Tells whether a line drawn from right to left has its letters below it on the page."""
    order = np.argsort(baseline[:, 0])
    under = np.interp(outline[:, 0], baseline[order, 0], baseline[order, 1])
    return bool((outline[:, 1] - under).max() > (under - outline[:, 1]).max())


def _axis(outline: np.ndarray) -> np.ndarray:
    """Returns the long axis of the smallest rectangle around an outline: [2, 2], left to right.

    The outline of a short or steep line does not tell which way it runs: it is taken as level.
    """
    low, high = outline.min(axis=0), outline.max(axis=0)
    level = np.array([[low[0], high[1]], [high[0], high[1]]])
    edges = np.diff(np.concatenate([outline, outline[:1]]), axis=0)  # [n, 2]
    angles = np.unique(np.round(np.arctan2(edges[:, 1], edges[:, 0]) % (np.pi / 2), 3))
    along = np.stack([np.cos(angles), np.sin(angles)], axis=1)  # [a, 2]
    across = np.stack([-np.sin(angles), np.cos(angles)], axis=1)
    spans = np.ptp(outline @ along.T, axis=0), np.ptp(outline @ across.T, axis=0)  # [a] each
    best = int(np.argmin(spans[0] * spans[1]))
    long, short = (along, across) if spans[0][best] >= spans[1][best] else (across, along)
    ratio = max(spans[0][best], spans[1][best]) / max(min(spans[0][best], spans[1][best]), 1.0)
    direction = long[best] * np.sign(long[best, 0] or 1.0)
    if ratio < _LONG or abs(direction[1]) > abs(direction[0]):
        return level
    positions = outline @ direction
    middle = short[best] * np.mean([(outline @ short[best]).min(), (outline @ short[best]).max()])
    return np.stack([middle + direction * end for end in (positions.min(), positions.max())])


def _lengths(points: np.ndarray) -> np.ndarray:
    """Returns the way along a curve to each of its points: [n], from 0."""
    steps = np.hypot(*np.diff(points, axis=0).T)
    return np.concatenate([[0.0], np.cumsum(steps)])


def _thickness(outline: np.ndarray, curve: np.ndarray) -> float:
    """Returns the mean distance between a line's upper and lower edge, at least 8 pixels."""
    x, y = outline.T
    area = abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2
    spans = np.ptp(outline, axis=0)  # [2]
    # An outline wound several times around the line has more area than its box.
    return max(min(area, spans.prod()) / max(_lengths(curve)[-1], np.hypot(*spans)), 8.0)


def _grid(curve: np.ndarray, outline: np.ndarray, margin: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the row and column on the page of each pixel of the strip: [h, w] each.

    Args:
      curve: [n, 2], along which the line runs.
      outline: [n, 2].
      margin: pixels around the outline.
    """
    path = _smooth_path(curve, outline, margin)  # [m, 2]
    tangents = np.gradient(path, axis=0)
    tangents /= np.maximum(np.hypot(*tangents.T), 1e-6)[:, None]
    downs = np.stack([-tangents[:, 1], tangents[:, 0]], axis=1)  # right angles; y is downwards
    border = _resample(np.concatenate([outline, outline[:1]]), _STEP)
    _, nearest = spatial.cKDTree(path).query(border)
    offsets = np.sum((border - path[nearest]) * downs[nearest], axis=1)
    first = max(int(nearest.min()) - margin, 0)
    last = int(nearest.max()) + margin + 1
    depths = np.arange(np.floor(offsets.min()) - margin, np.ceil(offsets.max()) + margin + 1)
    path, downs = path[first:last], downs[first:last]
    columns, rows = (path[:, n] + depths[:, None] * downs[:, n] for n in (0, 1))
    return rows, columns


def _smooth_path(curve: np.ndarray, outline: np.ndarray, margin: int) -> np.ndarray:
    """Returns the curve without kinks, over the whole outline, a point each pixel: [m, 2]."""
    path = _resample(curve, 1.0)
    thickness = _thickness(outline, curve)
    sigma = thickness / 2  # letters keep their shape, steps between words become slopes
    chord = min(len(path) - 1, int(thickness * 2))  # a tiny last stroke must not bend the end
    ends = []
    for end, inner in ((path[0], path[chord]), (path[-1], path[-1 - chord])):
        outwards = (end - inner) / max(float(np.hypot(*(end - inner))), 1e-6)
        overshoot = max(float(((outline - end) @ outwards).max()), 0.0)
        # The filter flattens the last three deviations, which are cut off again.
        ends.append(end + outwards * (overshoot + margin + 3 * sigma))
    path = _resample(np.concatenate([ends[:1], path, ends[1:]]), 1.0)
    smooth = ndimage.gaussian_filter1d(path, sigma, axis=0, mode="nearest", truncate=3.0)
    cut = min(int(3 * sigma), (len(path) - 2) // 2)
    return _resample(smooth[cut : len(smooth) - cut], 1.0)


def _resample(points: np.ndarray, step: float) -> np.ndarray:
    """Returns points at even distances along a curve, both of its ends among them: [m, 2]."""
    lengths = _lengths(points)
    even = np.linspace(0.0, lengths[-1], max(round(lengths[-1] / step), 1) + 1)
    return np.stack([np.interp(even, lengths, points[:, axis]) for axis in (0, 1)], axis=1)


def _sample(
    image: np.ndarray, outline: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the strip, float32 [h, w], and which of its pixels lie within the outline.

    Beyond the page the strip is not a number.
    """
    height, width = image.shape
    top, left = (max(int(places.min()) - 1, 0) for places in (rows, columns))
    bottom = min(int(rows.max()) + 3, height)
    right = min(int(columns.max()) + 3, width)
    crop = image[top:bottom, left:right]
    if not crop.size:
        return np.zeros(rows.shape, np.float32), np.zeros(rows.shape, dtype=bool)
    mask = _mask(outline - (left, top), crop.shape)
    places = np.stack([rows - top, columns - left]).astype(np.float32)  # [2, h, w]
    limits = np.reshape(crop.shape, (2, 1, 1)) - 0.5
    on_page = ((places > -0.5) & (places < limits)).all(axis=0)
    strip = ndimage.map_coordinates(crop, places, np.float32, order=1, mode="nearest")
    row, column = np.rint(places).astype(np.intp)
    inside = mask[row.clip(0, len(mask) - 1), column.clip(0, mask.shape[1] - 1)]
    return np.where(on_page, strip, np.nan), inside & on_page


def _mask(outline: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Draws a filled polygon, widened and without holes where it crosses itself: bool."""
    height, width = shape
    border = MASK_MARGIN + 1  # that the outline never fills: what it encloses is not flooded
    picture = Image.new("L", (width + 2 * border, height + 2 * border))
    draw = ImageDraw.Draw(picture)
    corners = [(x + border, y + border) for x, y in outline.tolist()]
    draw.polygon(corners, fill=255)
    draw.line([*corners, corners[0]], fill=255, width=2 * MASK_MARGIN + 1, joint="curve")
    regions, _ = ndimage.label(np.asarray(picture) == 0)  # 0 where it is drawn
    mask: np.ndarray = regions != regions[0, 0]
    return mask[border : border + height, border : border + width]


def _stroke_ends(
    strip: np.ndarray, inside: np.ndarray, paper: np.ndarray, reach: int
) -> np.ndarray:
    """Returns where letters stick out of the outline: bool [h, w].

    Outlines cut off tall and deep letters. Ink that leaves the outline and ends within reach
    belongs to the line. Ink that goes on, or lies mostly outside, comes from a neighbour or a
    ruled line.
    """
    contrast = np.abs(strip - paper[None])  # not a number beyond the page, so never ink
    ink = contrast > np.percentile(contrast[inside], 99) / 2
    whole, _ = ndimage.label(ink, structure=_ALL_AROUND)
    outer, count = ndimage.label(ink & ~inside, structure=_ALL_AROUND)
    near = ndimage.maximum_filter(inside, size=2 * reach + 1)
    ends = np.ones(count + 1, dtype=bool)
    ends[outer[~near]] = False
    inner_area = np.bincount(whole[inside], minlength=whole.max() + 1)
    outer_area = np.bincount(outer.ravel(), minlength=count + 1)
    stroke = np.zeros(count + 1, dtype=np.intp)  # the whole that each outer part belongs to
    stroke[outer] = whole
    kept = ends & (outer_area <= _MOST_OUTSIDE * inner_area[stroke])
    kept[0] = False  # what is not ink
    return ndimage.maximum_filter(kept[outer], size=2 * MASK_MARGIN + 1)


def _paper(strip: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Returns the brightness of the paper around each column: float32 [w].

    Paper is what most pixels within the outline show, whether it is brighter than the ink or
    darker. It is measured in windows that overlap, and interpolated between them.
    """
    height, width = strip.shape
    window = max(height, 16)
    centres, levels = [], []
    overall = _level(strip[inside])
    for start in range(0, width, window):
        part = slice(max(start - window // 2, 0), start + window + window // 2)
        pixels = strip[:, part][inside[:, part]]
        centres.append(start + window / 2)
        levels.append(_level(pixels) if len(pixels) >= window else overall)
    return np.interp(np.arange(width), centres, levels).astype(np.float32)


def _level(pixels: np.ndarray) -> float:
    """Returns the brightness of paper among pixels [n] of paper and ink."""
    pixels = pixels[:: max(len(pixels) // _ENOUGH, 1)]
    low, middle, high = np.percentile(pixels, (1, 50, 99))
    # As far as the paper goes on its other side, or a quarter of the way to the ink.
    spread = max(min(middle - low, high - middle), (high - low) / 4)
    return float(np.median(pixels[np.abs(pixels - middle) <= spread]))


def _resize(cut: np.ndarray, height: int) -> np.ndarray:
    """Scales [h, w], uint8, to a height, keeping its proportions."""
    width = max(round(cut.shape[1] * height / cut.shape[0]), 1)
    return np.asarray(Image.fromarray(cut).resize((width, height), Image.Resampling.LANCZOS))
