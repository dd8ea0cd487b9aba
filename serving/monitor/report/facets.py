"""TensorFlow Data Validation's own view of a window beside its reference.

The page loads Facets from the network when it is opened; the report needs none, so this is apart.
"""

from serving.monitor.outcome import CheckedWindow
from serving.monitor.wording import model_name


def render_facets(window: CheckedWindow) -> str | None:
    """Returns the page as HTML; None for a window that was held against nothing."""
    if window.reference is None:
        return None
    from tensorflow_data_validation.utils import display_util

    from serving.monitor.tfdv_statistics import reference_statistics, window_statistics

    shown = display_util.get_statistics_html(
        lhs_statistics=window_statistics(window.profile, window.reference.bins, ()),
        rhs_statistics=reference_statistics(window.reference, ()),
        lhs_name=f"now: {model_name(window.verdict)}",
        rhs_name="reference",
    )
    return f'<!doctype html>\n<meta charset="utf-8">\n<title>Facets</title>\n{shown}\n'
