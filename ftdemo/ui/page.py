"""The page as a whole: title, status line, tabs in the order of the loop."""

import gradio as gr

from ftdemo.settings import Settings
from ftdemo.studio import Studio
from ftdemo.ui import endpoints
from ftdemo.ui.align import wiring as align_tab
from ftdemo.ui.chat import wiring as chat_tab
from ftdemo.ui.compare import wiring as compare_tab
from ftdemo.ui.feedback import wiring as feedback_tab
from ftdemo.ui.models import wiring as models_tab
from ftdemo.ui.polling import Changes, add_status_line, start_polling
from ftdemo.ui.samples import wiring as samples_tab
from ftdemo.ui.theme import STYLE, THEME
from ftdemo.ui.tour import wiring as tour_tab
from ftdemo.ui.tune import wiring as tune_tab

TITLE = '<div class="ft-title"><h1>ftdemo</h1><p>Teach a small language model your own answers.</p></div>'
LOADING_DELAY_S = 1.5
"""Importing torch keeps Python busy for seconds: first the page that has just been opened is answered."""
UPLOAD_SLACK = 5
"""The server takes files up to this many times our limit: a file that is too large gets our sentence."""


def build(settings: Settings, studio: Studio | None = None) -> gr.Blocks:
    """Build the page.

    Args:
        settings: names the data folder and the base model.
        studio: the app behind it; a new one on the settings if None.
    """
    studio = studio or Studio(settings)
    demo = gr.Blocks(title="ftdemo", analytics_enabled=False, delete_cache=(3600, 86400))
    with demo:
        # First, for a name that an event of the page has taken is not given again.
        endpoints.build(studio)
        gr.HTML(TITLE, padding=False)
        status = add_status_line(studio)
        changes = Changes(gr.State(""), gr.State(""))
        tour_progress, conversation = remembered("ftdemo-tour"), remembered("ftdemo-compare")
        chat = remembered("ftdemo-chat")
        with gr.Tabs() as tabs:
            with gr.Tab("Start here", id="tour"):
                tour_tab.build(studio, demo, changes, tour_progress)
            with gr.Tab("Samples", id="samples"):
                samples_tab.build(studio, changes)
            with gr.Tab("Tune", id="tune") as tune:
                tune_tab.build(studio, changes)
            with gr.Tab("Compare", id="compare"):
                compare_tab.build(studio, demo, changes, conversation)
            with gr.Tab("Chat & vote", id="chat"):
                chat_wanted = chat_tab.build(studio, demo, changes, chat)
            with gr.Tab("Feedback", id="feedback") as feedback:
                feedback_tab.build(studio, feedback)
            with gr.Tab("Align", id="align") as align:
                align_tab.build(studio, changes, align, tabs, chat_wanted)
            with gr.Tab("Models", id="models"):
                models_tab.build(studio, changes)
        start_polling(studio, demo, status, changes)

        def begin_loading() -> None:
            studio.engine.warm_up(delay_s=LOADING_DELAY_S)

        # The page is there before the model is: loading begins when somebody looks.
        demo.load(begin_loading, None, None, queue=False, api_visibility="private")

        # Whoever opens the tab is about to start a job: its worker imports torch meanwhile.
        for opened in (tune.select, align.select):
            opened(studio.jobs.warm_up, None, None, queue=False, api_visibility="private")

        def left(request: gr.Request) -> None:
            # Whatever the page had begun: nobody is there any more to see what comes of it.
            studio.cancel(str(request.session_hash))

        demo.unload(left)
    return demo


def remembered(key: str) -> gr.BrowserState:
    """A dictionary that the browser keeps; to be made outside tabs, for one not yet opened is not restored.

    It holds ids only. Gradio encrypts it with a key that must stay the same for it to survive a restart.
    """
    return gr.BrowserState({}, storage_key=key, secret=key)


def serve(
    demo: gr.Blocks, settings: Settings, server_name: str | None = None, server_port: int | None = None
) -> None:
    """Serve the page until Ctrl-C.

    Args:
        demo: what `build` made.
        settings: limit the size of uploads.
        server_name: address to listen on; GRADIO_SERVER_NAME or the loopback address if None.
        server_port: port; GRADIO_SERVER_PORT or the first free one from 7860 if None.
    """
    demo.queue(default_concurrency_limit=None)
    demo.launch(
        server_name=server_name,
        server_port=server_port,
        theme=THEME,
        css_paths=STYLE,
        max_file_size=int(settings.max_upload_mb * 1e6 * UPLOAD_SLACK),
        ssr_mode=False,
        footer_links=["api"],
    )
