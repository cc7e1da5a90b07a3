"""What the tab Models does."""

from ftdemo.names import BASE
from ftdemo.studio import Studio
from ftdemo.ui import html
from ftdemo.ui.choices import offer, offer_anew
from ftdemo.ui.models.html import model_card
from ftdemo.ui.models.look import NO_MODELS
from ftdemo.ui.polling import revision


def choices(studio: Studio, present: str | None) -> dict[str, object]:
    """The tuned models, when some have changed; the newest is chosen if the present one is gone."""
    return offer_anew(_names(studio), present)


def show(studio: Studio, name: str | None) -> str:
    """The chosen model's card."""
    return model_card(studio.models.describe(name)) if name else html.empty(NO_MODELS)


def give_name(studio: Studio, name: str | None, wanted: str) -> tuple[dict[str, object], str, str]:
    """Rename the chosen model; the new name is chosen, and its field is empty again."""
    renamed = studio.models.rename(name or "", wanted).name
    return offer(_names(studio), renamed), "", revision(studio)


def delete(studio: Studio, name: str | None) -> tuple[dict[str, object], str]:
    """Remove the chosen model."""
    studio.models.remove(name or "")
    return offer(_names(studio), None), revision(studio)


def _names(studio: Studio) -> list[str]:
    return [name for name in studio.models.names() if name != BASE]
