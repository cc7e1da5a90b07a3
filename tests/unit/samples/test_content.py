import pytest

from ftdemo.samples.content import main_script, odd_characters, passes_luhn, personal_data
from ftdemo.samples.similarity import QuestionIndex, groups_of


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Write to jo.do+x@mail.example.org!", "an e-mail address"),
        ("My card is 4111-1111-1111-1111.", "a card number"),
        ("Card 378282246310005", "a card number"),
        ("Call +49 (0)30 1234567", "a phone number"),
        ("Call (555) 123-4567 now", "a phone number"),
        ("Call 555.123.4567", "a phone number"),
        ("电话 13812345678", "a phone number"),
        ("4111 1111 1111 1112", None),
        ("a @ b", None),
        ("On 2024-01-01 12:00 and 1939-1945", None),
        ("01.02.2024 - 03.04.2024", None),
        ("1 000 000 000 000 stars", None),
        ("192.168.100.200", None),
        ("ISBN 978-3-16-148410-0", None),
        ("Pi is 3.14159265358979", None),
    ],
)
def test_personal_data(text, found):
    assert personal_data(text) == found


def test_luhn():
    assert passes_luhn("79927398713")
    assert not passes_luhn("79927398710")


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Hello", "Latin"),
        ("Où ça?", "Latin"),
        ("你好 AI", "Han"),
        ("これは漢字です", "Kana"),
        ("Привет", "Cyrillic"),
        ("안녕하세요", "Hangul"),
        ("नमस्ते", "Devanagari"),
        ("12 + 3", "none"),
    ],
)
def test_main_script(text, script):
    assert main_script(text) == script


@pytest.mark.parametrize("text", ["a\x00b", "a\ufffdb", "a\u200bb", "CafÃ©", "donâ€™t"])
def test_odd_characters(text):
    assert odd_characters(text)


@pytest.mark.parametrize("text", ["Café – “x” … 😀", "a\tb\nc", "你好", "àéîõü ñ ß Ã"])
def test_usual_characters(text):
    assert odd_characters(text) is None


@pytest.mark.parametrize(
    ("one", "other", "answers", "alike"),
    [
        ("Who is Ada?", "who is  ADA", ("x", "y"), True),
        ("Who is Ada Lovelace?", "Tell me: who is Ada Lovelace?", ("x", "X"), True),
        ("Who is Ada Lovelace?", "Where was Bob born?", ("x", "x"), False),
        ("What is 3 plus 4?", "What is 3 plus 5?", ("x", "x"), False),
        ("请问你叫什么名字？", "你叫什么名字？", ("x", "x"), True),
        ("你叫什么名字？", "今天天气怎么样？", ("x", "x"), False),
    ],
)
def test_near_duplicates(one, other, answers, alike):
    index = QuestionIndex()
    for question, answer in zip((one, other), answers, strict=True):
        index.add(question, answer)
    assert set(index.near_duplicates()) == ({(1, 0)} if alike else set())


def test_groups():
    assert groups_of(5, [(3, 1), (4, 3)]) == [0, 1, 2, 1, 1]
