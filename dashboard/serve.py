"""Streamlit, with what the pages need already imported: the first page must not wait for it.

``python -m dashboard.serve run dashboard/app.py``, with any option of Streamlit.
"""

from __future__ import annotations

import logging

from streamlit.web import cli

from dashboard.view import views


def main() -> None:
    """Import all pages, then hand over."""
    # It warns of each cached function that is imported before the server runs, as these are.
    logging.getLogger("streamlit.runtime.caching.cache_data_api").setLevel(logging.ERROR)
    views()
    cli.main(prog_name="streamlit")


if __name__ == "__main__":
    main()
