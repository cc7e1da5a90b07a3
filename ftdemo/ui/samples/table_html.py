"""Samples as HTML."""

from html import escape

from ftdemo.store.samples import Sample

SAMPLES_SHOWN = 200


def samples_table(samples: list[Sample]) -> str:
    """Questions and answers in a table; of many, the first."""
    rows = "".join(
        f"<tr><td>{number}</td><td>{escape(sample.question)}</td><td>{escape(sample.answer)}</td>"
        f'<td><span class="ft-tag">{"held out" if sample.split == "held_out" else "train"}</span></td></tr>'
        for number, sample in enumerate(samples[:SAMPLES_SHOWN], start=1)
    )
    more = len(samples) - SAMPLES_SHOWN
    note = f'<p class="ft-note">and {more:,} more</p>' if more > 0 else ""
    head = "<tr><th></th><th>Question</th><th>Answer</th><th>Split</th></tr>"
    return f'<div class="ft-scroll"><table class="ft-samples">{head}{rows}</table></div>{note}'
