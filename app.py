"""Builds the page and serves it: `python app.py`.

The module-level name `demo` is what Spaces and `gradio app.py` look for.
"""

from ftdemo.settings import settings_from_environment
from ftdemo.ui import build, serve

settings = settings_from_environment()
demo = build(settings)

if __name__ == "__main__":
    serve(demo, settings)
