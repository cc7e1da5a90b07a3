import json
from pathlib import Path

import pytest

from ftdemo.errors import SourceError
from ftdemo.samples import SampleLibrary
from ftdemo.samples.lengths import LengthMeter
from ftdemo.store import Store
from ftdemo.store.samples import Sample
from ftdemo.tokens.template import ChatTemplate, as_messages

TEMPLATE = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{{ eos_token }}\n{% endfor %}"


@pytest.fixture
def base(tmp_path) -> Path:
    """A folder with a chat template and a tokenizer that parts at white space."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    folder = tmp_path / "base"
    folder.mkdir()
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": {"content": "</s>"}}))
    (folder / "chat_template.jinja").write_text(TEMPLATE)
    (folder / "config.json").write_text('{"max_position_embeddings": 20}')
    return folder


def test_a_sample_is_rendered_with_its_special_tokens(base, tmp_path):
    library = SampleLibrary(Store(tmp_path / "test.db"), 100, lambda: base)
    sample = Sample(" Who? ", "I.\n", system="Be brief.", history=(("user", "Hi"), ("assistant", "Hello")))
    assert library.rendered_example(sample) == (
        "<|system|>Be brief.</s>\n<|user|>Hi</s>\n<|assistant|>Hello</s>\n"
        "<|user|>Who?</s>\n<|assistant|>I.</s>\n"
    )
    assert as_messages(sample)[0]["role"] == "system"
    assert SampleLibrary(Store(tmp_path / "test.db"), 100).rendered_example(sample) is None


def test_lengths_are_counted_in_the_base_models_tokens(base, tmp_path):
    path = tmp_path / "samples.jsonl"
    rows = [{"question": "a " * words, "answer": "b"} for words in (1, 3, 40)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert SampleLibrary(Store(tmp_path / "none.db"), 100).check(path).token_lengths is None
    lengths = SampleLibrary(Store(tmp_path / "test.db"), 100, lambda: base).check(path).token_lengths
    assert lengths is not None
    assert (lengths.minimum, lengths.median, lengths.maximum) == (2, 4, 41)
    assert (lengths.context_limit, lengths.over_limit, lengths.measured) == (20, 1, 3)
    assert lengths.histogram == ((0, 16, 2), (16, 32, 0), (32, 64, 1))


def test_a_damaged_tokenizer_gives_no_lengths(base):
    (base / "tokenizer.json").write_text("{")
    assert LengthMeter.of_folder(base) is None


@pytest.mark.parametrize(
    "template", ["{% for %}", "{{ raise_exception('no system role') }}", "{{ messages.__class__.__mro__ }}"]
)
def test_a_template_that_cannot_be_used(base, template):
    (base / "chat_template.jinja").write_text(template)
    with pytest.raises(SourceError, match="does not take these messages"):
        ChatTemplate.of_folder(base).render(Sample("a", "b"))


def test_a_base_without_template(base):
    (base / "chat_template.jinja").unlink()
    with pytest.raises(SourceError, match="no chat template"):
        ChatTemplate.of_folder(base)
