import json
from pathlib import Path
from typing import Any

import pytest

from ftdemo.errors import SourceError
from ftdemo.samples import SampleLibrary
from ftdemo.samples.lengths import LengthMeter
from ftdemo.store import Store
from ftdemo.store.samples import Sample
from ftdemo.tokens.template import ChatTemplate, as_messages


def test_a_sample_is_rendered_with_its_special_tokens(base: Path, tmp_path: Path) -> None:
    library = SampleLibrary(Store(tmp_path / "test.db"), 100, lambda: base)
    sample = Sample(" Who? ", "I.\n", system="Be brief.", history=(("user", "Hi"), ("assistant", "Hello")))
    assert library.rendered_example(sample) == (
        "<|system|>Be brief.</s>\n<|user|>Hi</s>\n<|assistant|>Hello</s>\n"
        "<|user|>Who?</s>\n<|assistant|>I.</s>\n"
    )
    assert as_messages(sample)[0]["role"] == "system"
    assert SampleLibrary(Store(tmp_path / "test.db"), 100).rendered_example(sample) is None


def test_lengths_are_counted_in_the_base_models_tokens(base: Path, tmp_path: Path) -> None:
    path = tmp_path / "samples.jsonl"
    rows = [{"question": "a " * words, "answer": "b"} for words in (1, 3, 40)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert SampleLibrary(Store(tmp_path / "none.db"), 100).check(path).token_lengths is None
    lengths = SampleLibrary(Store(tmp_path / "test.db"), 100, lambda: base).check(path).token_lengths
    assert lengths is not None
    assert (lengths.minimum, lengths.median, lengths.maximum) == (2, 4, 41)
    assert (lengths.context_limit, lengths.over_limit, lengths.measured) == (20, 1, 3)
    assert lengths.histogram == ((0, 16, 2), (16, 32, 0), (32, 64, 1))


def test_a_damaged_tokenizer_gives_no_lengths(base: Path) -> None:
    (base / "tokenizer.json").write_text("{")
    assert LengthMeter.of_folder(base) is None


@pytest.mark.parametrize(
    "template", ["{% for %}", "{{ raise_exception('no system role') }}", "{{ messages.__class__.__mro__ }}"]
)
def test_a_template_that_cannot_be_used(base: Path, template: str) -> None:
    (base / "chat_template.jinja").write_text(template)
    with pytest.raises(SourceError, match="does not take these messages"):
        ChatTemplate.of_folder(base).render(Sample("a", "b"))


def test_a_base_without_template(base: Path) -> None:
    (base / "chat_template.jinja").unlink()
    with pytest.raises(SourceError, match="no chat template"):
        ChatTemplate.of_folder(base)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ tools is none }} {{ documents is none }}", "True True"),
        ("{{ unk_token }}{{ mask_token is defined }}", "?False"),
        ("{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %},{% endfor %}", "a,b,"),
        ("{% generation %}{% set own = 1 %}{% endgeneration %}{{ own is defined }}", "False"),
    ],
)
def test_a_template_finds_what_it_would_with_transformers(base: Path, template: str, text: str) -> None:
    from transformers.utils.chat_template_utils import render_jinja_template

    (base / "chat_template.jinja").write_text(template)
    (base / "tokenizer_config.json").write_text('{"unk_token": "?"}')
    assert ChatTemplate.of_folder(base).render(Sample("a", "b")) == text
    messages = as_messages(Sample("a", "b"))
    rendered: Any = render_jinja_template([messages], chat_template=template, unk_token="?")
    assert rendered[0] == [text]
