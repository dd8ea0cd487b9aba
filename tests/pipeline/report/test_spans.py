from pipeline.report.render import render
from pipeline.report.spans import draw_shift
from pipeline.span_check.comparison import FeatureShift, SpanComparison
from pipeline.span_check.options import WARN
from tests.pipeline.report.pages import Page, bare, read, section

SHIFT = FeatureShift(
    *("ink_ratio", "train", 0.5, 0.1, ("below <1>", "1 to 2"), (0.25, 0.75), (1.0, 0.0), 1.5, 0.5)
)


def test_a_shift_is_drawn_with_a_pair_of_bars_for_each_bin():
    drawn = draw_shift(SHIFT)
    page = Page(f"<p>{drawn}</p>")
    heights = [float(bar["height"]) for bar in page.all("rect")]
    assert heights == [8.0, 32.0, 24.0, 0.0]
    assert "below &lt;1&gt;: 25.00" in drawn
    assert "below <1>: 25.00 % then, 100.00 % now" in read(f"<p>{drawn}</p>")


def test_the_report_tells_a_span_that_is_unlike_the_last():
    comparison = SpanComparison(WARN, "Examples 9", "Examples 2", (SHIFT,), ("source is gone",))
    told = read(section(render(bare(span=comparison)), "span"))
    for words in ("Unlike the last span", "1 of 1 comparisons", "Examples 2", "source is gone."):
        assert words in told
    assert "0.500 skewed" in told


def test_the_report_tells_a_span_that_is_like_the_last_and_the_first_one():
    like = SpanComparison(WARN, "Examples 9", "Examples 2")
    assert "Nothing lies further apart" in section(render(bare(span=like)), "span")
    first = SpanComparison(WARN, "Examples 2")
    assert "nothing to compare it with" in section(render(bare(span=first)), "span")
