import json
from pathlib import Path

from ftdemo.engines.transformers.engine import _tokeniser
from ftdemo.models.base import BaseModel

TEMPLATE = "{% for m in messages %}{{ m.content }}<|im_end|>{% endfor %}"


def test_a_base_with_files_of_an_older_form_has_a_tokeniser_too(tmp_path: Path) -> None:
    vocabulary = {"<|im_end|>": 0, "r": 1, "e": 2, "d": 3, "re": 4}
    (tmp_path / "vocab.json").write_text(json.dumps(vocabulary))
    (tmp_path / "merges.txt").write_text("#version: 0.2\nr e\n")
    config = {"tokenizer_class": "GPT2Tokenizer", "eos_token": "<|im_end|>", "chat_template": TEMPLATE}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    (tmp_path / "config.json").write_text('{"model_type": "gpt2", "eos_token_id": 0}')
    tokeniser = _tokeniser(BaseModel("old", tmp_path, "a test"))
    assert tokeniser.prompts([[{"role": "user", "content": "red"}]]) == [[4, 3, 0]]
    assert tokeniser.decode([4, 3, 0]) == "red"
    assert 0 in tokeniser.end_tokens
