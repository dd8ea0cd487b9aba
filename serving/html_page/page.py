"""Makes pages of templates: one file each that needs nothing besides itself."""

from collections.abc import Mapping
from typing import Any

import jinja2


def make_environment(package: str, filters: Mapping[str, Any]) -> jinja2.Environment:
    """Returns what renders the templates of a package.

    Args:
      package: its `templates` folder holds them; `style.css` and others come from here.
      filters: functions for the templates, by name.
    """
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [jinja2.PackageLoader(package), jinja2.PackageLoader("serving.html_page")]
        ),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= filters
    return environment
