"""ftdemo: fine-tune a small language model on your own questions and answers.

The one entry point for Python code is `ftdemo.studio.Studio`; the page and the command line call it too.
"""

__version__ = "0.1.0"
