"""Marks the lines of uploaded pages: boxes are drawn, split, merged and ordered, then cut out.

`boxes.py` says what a box is, `proposals.py` gets boxes from the served model or a file,
`records.py` keeps pages, and `routes.py` with `static/pages.js` shows them. What is cut out waits
to be labelled.
"""
