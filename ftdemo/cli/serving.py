"""`serve`."""

from typing import Annotated

import typer

from ftdemo.cli.output import DataOption, command, open_studio


@command
def serve(
    port: Annotated[
        int | None, typer.Option(help="Port, instead of GRADIO_SERVER_PORT.", show_default=False)
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="Address, instead of GRADIO_SERVER_NAME.", show_default=False)
    ] = None,
    data: DataOption = None,
) -> None:
    """Serve the page until Ctrl-C."""
    # The page brings gradio, which no other command waits for.
    from ftdemo.ui import build
    from ftdemo.ui import serve as serve_page

    studio = open_studio(data)
    serve_page(build(studio.settings, studio), studio.settings, server_name=host, server_port=port)
