"""What is wired to what in the tab Models."""

from ftdemo.studio import Studio
from ftdemo.ui.events import QUIET, handler
from ftdemo.ui.models import actions
from ftdemo.ui.models.look import Look
from ftdemo.ui.polling import Changes


def build(studio: Studio, changes: Changes) -> None:
    """Add the tab to the page."""
    look = Look()
    choices = handler(actions.choices, studio)
    changes.revision.change(choices, look.chosen, look.chosen, **QUIET)
    look.chosen.change(handler(actions.show, studio), look.chosen, look.details, **QUIET)
    look.rename.click(
        handler(actions.give_name, studio),
        [look.chosen, look.new_name],
        [look.chosen, look.new_name, changes.revision],
        **QUIET,
    )
    look.remove.click(handler(actions.delete, studio), look.chosen, [look.chosen, changes.revision], **QUIET)
