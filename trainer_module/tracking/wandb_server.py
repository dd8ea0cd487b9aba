"""Asks a server of Weights & Biases whether it can be reached and takes the key: in seconds.

The client itself retries for minutes.
"""

import httpx

_SECONDS = 8.0
_QUESTION = {"query": "query { viewer { username } }"}


def find_obstacle(base_url: str, key: str) -> str | None:
    """Returns what keeps runs from being sent, in a few words; None where nothing does.

    Args:
      base_url: of the server.
      key: of the user.
    """
    try:
        answer = httpx.post(
            f"{base_url.rstrip('/')}/graphql", json=_QUESTION, auth=("api", key), timeout=_SECONDS
        )
        if answer.status_code in (401, 403):
            return f"{base_url} refuses the key"
        answer.raise_for_status()
        viewer = (answer.json().get("data") or {}).get("viewer")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, AttributeError) as error:
        return f"{base_url} is not reached ({type(error).__name__}: {error})"
    return None if viewer else f"{base_url} does not know the key"
