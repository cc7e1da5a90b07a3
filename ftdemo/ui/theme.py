"""Colours and fonts; nothing is fetched from another host. The page's own HTML is styled in style.css."""

from pathlib import Path

import gradio as gr

THEME = gr.themes.Soft(
    primary_hue=gr.themes.colors.teal,
    secondary_hue=gr.themes.colors.amber,
    neutral_hue=gr.themes.colors.slate,
    radius_size=gr.themes.sizes.radius_md,
    font=["ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"],
    font_mono=["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"],
).set(
    # The theme's own subdued grey is too pale to read on white (contrast under 3 to 1).
    body_text_color_subdued="*neutral_500",
    body_text_color_subdued_dark="*neutral_400",
    button_primary_background_fill="*primary_700",
    button_primary_background_fill_hover="*primary_600",
    button_primary_background_fill_dark="*primary_700",
    button_large_text_weight="600",
    # Plain labels and outlined fields, instead of coloured chips and shadows.
    block_title_background_fill="none",
    block_title_background_fill_dark="none",
    block_title_text_color="*body_text_color",
    block_title_text_color_dark="*body_text_color",
    block_title_padding="0",
    block_label_background_fill="*background_fill_secondary",
    block_label_background_fill_dark="*background_fill_secondary",
    block_label_text_color="*body_text_color",
    block_label_text_color_dark="*body_text_color",
    block_background_fill="*background_fill_primary",
    block_background_fill_dark="*background_fill_primary",
    block_shadow="none",
    input_border_width="1px",
    input_border_width_dark="1px",
    input_border_color="*neutral_300",
    input_border_color_dark="*neutral_600",
    input_shadow="none",
    input_shadow_dark="none",
    button_secondary_border_color="*neutral_300",
    button_secondary_border_color_dark="*neutral_600",
    button_border_width="1px",
    button_border_width_dark="1px",
    button_primary_shadow="none",
    button_secondary_shadow="none",
)

STYLE = Path(__file__).with_name("style.css")
