from pathlib import Path

from ftdemo.engines.llama.slots import Slots

A, B = Path("a.gguf"), Path("b.gguf")


def use(slots: Slots, holder: str, adapter: Path | None, read: list[int]) -> int:
    """Take a slot, let it read, and give it back."""
    number = slots.take(holder, adapter, read, 10)
    assert number is not None
    slots.note(number, read)
    slots.release(number)
    return number


def test_an_answer_keeps_its_slot_until_it_is_released() -> None:
    slots = Slots(2, 100)
    first = slots.take("one", None, [1, 2], 10)
    assert first is not None
    assert slots.take("two", None, [1, 2], 10) != first
    assert slots.take("one", None, [1, 2, 3], 10) == first
    assert slots.take("three", None, [1], 10) is None
    slots.release(first)
    assert slots.take("three", None, [1], 10) == first


def test_no_answer_gets_a_slot_that_it_could_not_fill() -> None:
    slots = Slots(4, 100)
    first = slots.take("one", None, [1], 60)
    assert first is not None
    assert slots.take("two", None, [1], 41) is None
    assert slots.take("two", None, [1], 40) is not None
    slots.release(first)
    assert slots.take("three", None, [1], 60) is not None


def test_the_slot_that_has_read_the_beginning_is_taken() -> None:
    slots = Slots(3, 100)
    for holder, read in (("a", [7, 7, 7]), ("b", [1, 2, 3, 4]), ("c", [])):
        use(slots, holder, A, read)
    continued = slots.take("next", A, [1, 2, 3, 4, 5], 10)
    assert continued is not None
    assert slots.read(continued) == 4
    assert slots.take("b", A, [7, 7, 7, 8], 10) != continued


def test_what_another_adapter_has_read_is_of_no_use() -> None:
    slots = Slots(2, 100)
    read = [1, 2, 3, 4]
    with_a = slots.take("a", A, read, 10)
    with_b = slots.take("b", B, [9], 10)
    assert with_a is not None
    assert with_b is not None
    for number, mine in ((with_a, read), (with_b, [9])):
        slots.note(number, mine)
        slots.release(number)
    assert slots.take("next", B, read, 10) == with_b != with_a
    assert slots.read(with_b) == 0


def test_a_long_conversation_is_not_lost_to_a_common_beginning() -> None:
    slots = Slots(2, 100)
    long = list(range(1, 40))
    taken = use(slots, "long", None, long)
    assert slots.take("other", None, [1, 2, 9], 10) != taken
