"""`python -m serving.predict`: has pictures read by a model server and writes down what was read.

`sources` lists what was named, `pictures` opens it and makes of it what a server takes (`pdf`
draws pages of PDF files), `serving.client` asks, and `outputs` writes: as `plain` text and JSON,
`alto` or `page_xml`, and `drawing` over the picture. `__main__` is the command line.
"""
