"""What MkDocs calls while it builds the site: adds the pages that are made of other files.

`sources.py` says which files of the repository become which pages, `reference.py` which modules
have a page, `notebook_page.py` how a notebook reads, and `links.py` lets links between files of the
repository lead to pages.
"""

from pathlib import Path

from links import follow_links
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from notebook_page import read_notebook
from reference import module_page, module_pages, reference_nav
from sources import PAGES, site_sources

ROOT = Path(__file__).resolve().parents[2]


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Adds the reference to the navigation."""
    config.nav = [*config.nav, {"Reference": ["reference/README.md", *reference_nav(ROOT)]}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds pages of the repository's other files, of notebooks and of modules."""
    for source, uri in PAGES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, uri, content=text))
    for notebook in sorted((ROOT / "notebooks").glob("*.ipynb")):
        uri = f"notebooks/{notebook.stem}.md"
        files.append(File.generated(config, uri, content=read_notebook(notebook)))
    for result in sorted((ROOT / "benchmarks" / "results").glob("*.json")):
        files.append(File.generated(config, f"results/{result.name}", abs_src_path=str(result)))
    for uri, module in module_pages(ROOT).items():
        files.append(File.generated(config, uri, content=module_page(module)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lets links to files of the repository lead to their pages."""
    uri = page.file.src_uri
    return follow_links(markdown, uri, site_sources(ROOT, files.src_uris), ROOT)
