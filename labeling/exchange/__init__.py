"""Lines from other tools and for them: one module a format, each with `read` and `write`.

Below `labeling.formats`, which names them for the commands `import` and `export`. Readers yield
`NewItem`s and note what cannot be used with file and item; writers take accepted `Item`s and leave
either a whole folder or none.
"""
