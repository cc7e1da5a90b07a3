import json
from pathlib import Path

import pytest

TEMPLATE = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{{ eos_token }}\n{% endfor %}"


@pytest.fixture
def base(tmp_path: Path) -> Path:
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
