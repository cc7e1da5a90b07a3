"""Old encodings are told from one another by the letters that they make."""

import pytest

from ftdemo.files.rows import ReadOptions
from ftdemo.samples.checking import check_file

ROWS = {
    "French": [
        ("Où est né l'empereur ?", "À Ajaccio, en août."),
        ("Ça coûte combien ?", "Très peu, même l'été."),
    ],
    "German": [
        ("Wann öffnet das Büro?", "Um acht Uhr früh."),
        ("Wie groß ist der Käfig?", "Zwölf Fuß, ungefähr."),
    ],
    "Spanish": [
        ("¿Dónde está la oficina?", "Detrás del jardín."),
        ("¿Cuánto cuesta el año?", "Según la región, más."),
    ],
    "Portuguese": [
        ("Onde fica a estação?", "Não é longe, à direita."),
        ("Você já pagou?", "Então são três cafés."),
    ],
    "Italian": [
        ("Perché è chiuso?", "È lunedì, riapre più tardi."),
        ("Quanto costa il caffè?", "Metà di ciò."),
    ],
    "Swedish": [("När öppnar kontoret på lördag?", "Klockan åtta."), ("Var är kön?", "Där, åt höger.")],
    "Polish": [
        ("Gdzie jest dziś piłka?", "Leży w łóżku, źle."),
        ("Ile kosztuje żółty ołówek?", "Pięć złotych."),
    ],
    "Czech": [
        ("Kde je tvůj kůň?", "Běží přes žlutou louku."),
        ("Proč přišel pozdě?", "Řekl, že ještě čekal."),
    ],
    "Hungarian": [
        ("Hol van az ügyfélszolgálat?", "A földszinten, kérem."),
        ("Mikor jön a főnök?", "Öt óra után, hétfőn."),
    ],
    "Romanian": [
        ("Unde este gara în oraş?", "După piaţă, lângă râu."),
        ("Cât costă maşina?", "Două mii, fără taxă."),
    ],
    "Croatian": [
        ("Gdje je tvoja kuća?", "Iza trga, čeka te žena."),
        ("Što čitaš večeras?", "Đačku knjigu o mačkama."),
    ],
    "Turkish": [
        ("Ofis nerede açılıyor?", "İstasyonun yanında, üçüncü katta."),
        ("Kaç güneş var?", "Bir, ışığı çoğu şeye yeter."),
    ],
    "Lithuanian": [
        ("Kur yra mokykla šiandien?", "Už ąžuolo, prie ežero."),
        ("Kada grįžti į namus?", "Rytą, sėsk čia, žinau."),
    ],
    "Russian": [
        ("Где находится офис?", "Рядом с вокзалом, третий этаж."),
        ("Когда открыто?", "С девяти утра."),
    ],
    "Ukrainian": [
        ("Де знаходиться офіс?", "Біля вокзалу, її поверх третій."),
        ("Коли відчинено?", "Зранку, є черга."),
    ],
    "Greek": [("Πού είναι το γραφείο;", "Δίπλα στον σταθμό."), ("Πότε ανοίγει;", "Στις εννέα το πρωί.")],
    "Hebrew": [("איפה המשרד?", "ליד התחנה."), ("מתי פתוח?", "משעה תשע.")],
    "Arabic": [("أين يقع المكتب؟", "بجانب المحطة."), ("متى يفتح؟", "في التاسعة صباحا.")],
    "Thai": [("สำนักงานอยู่ที่ไหน", "ข้างสถานีรถไฟ"), ("เปิดกี่โมง", "เก้าโมงเช้า")],
    "Chinese": [("你是谁？", "我是一个机器人。"), ("天气怎么样？", "今天天气很好。")],
    "Traditional Chinese": [
        ("辦公室在哪裡？", "在車站旁邊，三樓。"),
        ("幾點開門？", "早上九點開門，晚上六點關門。"),
    ],
    "Korean": [
        ("사무실은 어디에 있나요?", "역 바로 옆 삼 층에 있습니다."),
        ("언제 여나요?", "오전 아홉 시에 엽니다."),
    ],
    "Japanese": [
        ("事務所はどこにありますか。", "駅の隣の三階です。"),
        ("いつ開きますか。", "午前九時です。"),
    ],
}
CASES = [
    (language, encoding)
    for encoding, languages in {
        "cp1252": "French German Spanish Portuguese Italian Swedish",
        "mac_roman": "French German Spanish Italian Swedish",
        "cp850": "French German Spanish Portuguese Swedish",
        "cp437": "German Spanish Swedish",
        "cp1250": "Polish Czech Hungarian Romanian Croatian",
        "iso8859_2": "Polish Czech Hungarian",
        "cp852": "Polish Czech Hungarian",
        "cp1254": "Turkish",
        "cp857": "Turkish",
        "cp1257": "Lithuanian",
        "cp1251": "Russian Ukrainian",
        "koi8_r": "Russian",
        "koi8_u": "Ukrainian",
        "cp866": "Russian",
        "mac_cyrillic": "Russian",
        "iso8859_5": "Russian",
        "cp1253": "Greek",
        "iso8859_7": "Greek",
        "cp1255": "Hebrew",
        "cp862": "Hebrew",
        "cp1256": "Arabic",
        "iso8859_6": "Arabic",
        "cp874": "Thai",
        "gb18030": "Chinese",
        "big5": "Traditional_Chinese",
        "cp949": "Korean",
        "cp932": "Japanese",
        "euc_jp": "Japanese",
        "iso2022_jp": "Japanese",
    }.items()
    for language in (name.replace("_", " ") for name in languages.split())
]


def as_csv(rows: list[tuple[str, str]]) -> str:
    return "question\tanswer\n" + "".join(f"{question}\t{answer}\n" for question, answer in rows)


@pytest.mark.parametrize(("language", "encoding"), CASES)
def test_two_lines_tell_the_encoding(language, encoding, tmp_path):
    rows = ROWS[language]
    (tmp_path / "file").write_bytes(as_csv(rows).encode(encoding))
    report = check_file(tmp_path / "file")
    assert [(sample.question, sample.answer) for sample in report.samples] == rows
    assert bool(report.notes) == (encoding != "iso2022_jp")
    for note in report.notes:
        assert str(report.encoding) in note
        assert "--encoding" in note
        letters = note.partition("such as ")[2].partition(".")[0].split(", ")
        assert len(letters) == 3
        assert all(letter in as_csv(rows) for letter in letters)


def test_a_chosen_encoding_is_no_guess(tmp_path):
    (tmp_path / "file").write_bytes(as_csv(ROWS["Polish"]).encode("cp1250"))
    report = check_file(tmp_path / "file", ReadOptions(encoding="cp1250"))
    assert report.notes == ()
    assert report.samples[0].question == ROWS["Polish"][0][0]


@pytest.mark.parametrize("language", sorted(ROWS))
def test_utf_8_is_no_guess(language, tmp_path):
    (tmp_path / "file").write_bytes(as_csv(ROWS[language]).encode())
    report = check_file(tmp_path / "file")
    assert (report.encoding, report.notes) == ("utf-8", ())
    assert [sample.question for sample in report.samples] == [question for question, _ in ROWS[language]]
