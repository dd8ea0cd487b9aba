"""The HTML report of a turn: verdict, findings, distributions then and now, the oddest pictures.

`render` puts the page together, `distributions` compares, `plots` draws, `oddness` says why a
request is odd, `thumbnails` shows what clients sent.
"""
