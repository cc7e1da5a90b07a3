import pytest

from ftdemo.errors import NotFoundError
from ftdemo.store import Store
from ftdemo.store.conversations import Message


def answer(turn: int, model: str, text: str) -> Message:
    return Message(
        turn,
        "assistant",
        text,
        model=model,
        generation={"temperature": 0.0},
        tokens=3,
        tokens_per_second=1.5,
        time_to_first_token_s=0.2,
        finish_reason="stop",
    )


def test_turn_comes_back_as_it_was_saved(store: Store) -> None:
    started = store.conversations.start("Who?")
    assert (started.title, started.messages, started.turns) == ("Who?", (), 0)
    messages = [Message(1, "user", "Who?"), answer(1, "base", "安\n"), answer(1, "pavan", "Ann.")]
    store.conversations.add(started.id, messages)
    saved = store.conversations.get(started.id)
    assert saved.messages == tuple(messages)
    assert saved.turns == 1


def test_each_side_has_its_own_history(store: Store) -> None:
    conversation = store.conversations.start("t")
    store.conversations.add(
        conversation.id, [Message(1, "user", "q1"), answer(1, "a", "a1"), answer(1, "b", "b1")]
    )
    store.conversations.add(conversation.id, [Message(2, "user", "q2"), answer(2, "b", "b2")])
    store.conversations.add(
        conversation.id, [Message(3, "user", "q3"), answer(3, "a", "a3"), answer(3, "b", "")]
    )
    conversation = store.conversations.get(conversation.id)

    def history(*texts: str) -> list[dict[str, str]]:
        roles = ("user", "assistant") * len(texts)
        return [{"role": role, "content": text} for role, text in zip(roles, texts, strict=False)]

    assert conversation.history("a") == history("q1", "a1", "q3", "a3")
    assert conversation.history("b") == history("q1", "b1", "q2", "b2")
    assert conversation.history("newcomer") == []


def test_turn_is_saved_whole_or_not_at_all(store: Store) -> None:
    conversation = store.conversations.start("t")
    broken = Message(1, "assistant", "x", model="a", generation={"not json": object()})
    with pytest.raises(TypeError):
        store.conversations.add(conversation.id, [Message(1, "user", "q"), broken])
    assert store.conversations.get(conversation.id).messages == ()


def test_turn_of_an_unknown_conversation_is_refused(store: Store) -> None:
    with pytest.raises(Exception, match="FOREIGN KEY"):
        store.conversations.add(5, [Message(1, "user", "q")])
    with pytest.raises(NotFoundError, match="no conversation 5"):
        store.conversations.get(5)


def test_conversations_do_not_mix(store: Store) -> None:
    one, two = store.conversations.start("1"), store.conversations.start("2")
    store.conversations.add(two.id, [Message(1, "user", "q"), answer(1, "a", "x")])
    assert store.conversations.get(one.id).messages == ()


def test_long_title_is_cut(store: Store) -> None:
    assert store.conversations.start("x" * 5000).title == "x" * 200
