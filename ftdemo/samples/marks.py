"""Conversations in one text, with marks such as '### Instruction:' or '<|im_start|>user' between the turns.

A text is split only if it begins with a mark, and only at marks of the same family: a heading or a dialogue
inside an answer stays what it is.
"""

import re
from collections.abc import Callable

from ftdemo.samples.messages import ROLES, Said

_HEADING = re.compile(
    r"(#{2,3})[ \t]*(Instruction|Input|Context|Question|Human|User|System|Response|Output|Answer|Assistant)"
    r"(?![A-Za-z])[ \t]*:?[ \t]*",
    re.IGNORECASE,
)
_PREAMBLE = re.compile(r"\s*Below is an? [^#]{10,400}(?=#{2,3})", re.IGNORECASE)
_TRANSCRIPT = re.compile(
    r"(?:^|\n)[ \t]*(Human|User|Assistant|AI|System|Question|Answer|Q|A):[ \t]*", re.IGNORECASE
)
_WHOLE_TURNS = (
    # ChatML; Llama 3; Gemma; Zephyr and Phi; MOSS; Baize
    (re.compile(r"<\|im_start\|>[ \t]*(\w+)[ \t]*\n?"), re.compile(r"<\|im_end\|>|<\|endoftext\|>")),
    (
        re.compile(r"<\|start_header_id\|>[ \t]*(\w+)[ \t]*<\|end_header_id\|>\s*"),
        re.compile(r"<\|eot_id\|>|<\|end_of_text\|>|<\|eom_id\|>"),
    ),
    (re.compile(r"<start_of_turn>[ \t]*(\w+)[ \t]*\n?"), re.compile(r"<end_of_turn>|<eos>")),
    (
        re.compile(r"<\|(system|user|assistant)\|>\s*", re.IGNORECASE),
        re.compile(r"</s>|<\|end\|>|<\|endoftext\|>"),
    ),
    (re.compile(r"(?:\[(Human|MOSS)\]|<\|(?:Human|MOSS)\|>):\s*"), re.compile(r"<eo[a-z]>")),
    (re.compile(r"\[\|(Human|AI)\|\]\s*"), re.compile(r"$^")),
)
_START_TOKENS = re.compile(r"(?:\s|<s>|<bos>|<\|begin_of_text\|>|<\|endoftext\|>)*")
_INST = re.compile(r"\[INST\](.*?)\[/INST\](.*?)(?=(?:<s>\s*)?\[INST\]|$)", re.DOTALL)
_SYS = re.compile(r"\s*<<SYS>>(.*?)<</SYS>>", re.DOTALL)


def marked_turns(text: str) -> list[Said]:
    """The turns of a text that begins with a mark; [] if it does not, or if nobody answers in it."""
    begin = _START_TOKENS.match(text)
    start = text[begin.end() if begin else 0 :]
    if start[:1] in ("<", "["):
        turns = _tokened(start)
    elif start[:1] == "#" or _PREAMBLE.match(start):
        turns = _headed(start)
    else:
        turns = _transcript(start)
    roles = {turn.role for turn in turns}
    return turns if {"user", "assistant"} <= roles or (turns and start[:1] == "#") else []


def is_marked(value: object) -> bool:
    """Whether a value is text that begins with a mark and has an answer in it."""
    return isinstance(value, str) and bool(marked_turns(value))


def _tokened(text: str) -> list[Said]:
    if text.startswith("[INST]"):
        return _inst(text)
    for begin, end in _WHOLE_TURNS:
        first = begin.match(text)
        if first is None:
            continue
        turns: list[Said] = []
        found = list(begin.finditer(text))
        for at, mark in enumerate(found):
            until = found[at + 1].start() if at + 1 < len(found) else len(text)
            said = text[mark.end() : until]
            cut = end.search(said)
            word = next((group for group in mark.groups() if group), mark[0].strip("<|>: \n"))
            role = ROLES.get(word.lower())
            if role not in ("system", "user", "assistant"):
                return []
            turns.append(Said(role, (said[: cut.start()] if cut else said).strip()))
        # An opened turn without a word is where an answer was to be generated.
        if turns and turns[-1].role == "assistant" and not turns[-1].text:
            turns.pop()
        return turns
    return []


def _inst(text: str) -> list[Said]:
    turns: list[Said] = []
    for found in _INST.finditer(text):
        asked = found[1]
        system = _SYS.match(asked)
        if system:
            turns.append(Said("system", system[1].strip()))
            asked = asked[system.end() :]
        turns.append(Said("user", asked.strip()))
        reply = found[2].replace("</s>", "").strip()
        if reply:
            turns.append(Said("assistant", reply))
    return turns


def _headed(text: str) -> list[Said]:
    """'### Instruction: … ### Response: …', with the headings that the first exchange uses and no others."""
    preamble = _PREAMBLE.match(text)
    start = preamble.end() if preamble else 0
    first = _HEADING.match(text, start)
    if first is None:
        return []
    turns = [Said("system", text[:start].strip())] if preamble else []
    marks = [mark for mark in _HEADING.finditer(text, start) if mark[1] == first[1]]
    return turns + _split(text, marks, lambda mark: mark[2])


def _transcript(text: str) -> list[Said]:
    """'Human: … Assistant: …', each at the beginning of a line."""
    first = _TRANSCRIPT.match(text)
    return _split(text, list(_TRANSCRIPT.finditer(text)), lambda mark: mark[1]) if first else []


def _split(text: str, marks: list[re.Match[str]], word_of: Callable[[re.Match[str]], str]) -> list[Said]:
    """The turns between marks; a mark that no first exchange had, or that nobody answers, is text."""
    known: set[str] = set()
    answered = False
    kept: list[re.Match[str]] = []
    words = [word_of(mark).lower() for mark in marks]
    for at, mark in enumerate(marks):
        role = ROLES[words[at]]
        if answered and words[at] not in known:
            continue
        if (
            answered
            and role == "user"
            and not any(ROLES[word] == "assistant" and word in known for word in words[at + 1 :])
        ):
            continue
        if kept and role == "assistant" == ROLES[word_of(kept[-1]).lower()]:
            continue
        known.add(words[at])
        answered = answered or role == "assistant"
        kept.append(mark)
    ends = [mark.start() for mark in kept[1:]] + [len(text)]
    return [
        Said(ROLES[word_of(mark).lower()], text[mark.end() : end].strip())
        for mark, end in zip(kept, ends, strict=True)
    ]
