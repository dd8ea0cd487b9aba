"""The modules that the application's pages come from, in the order of the navigation.

Each has `NAV` (`desk.Nav`) and `routes(desk: Desk) -> list[starlette.routing.BaseRoute]`.
"""

ROUTE_MODULES = (
    "labeling.routes_start",
    "labeling.gather.routes",
    "labeling.page_lines.routes",
    "labeling.routes_label",
    "labeling.routes_review",
    "labeling.routes_history",
    "labeling.routes_export",
)
