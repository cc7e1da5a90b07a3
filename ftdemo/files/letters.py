"""Which letters languages write, most frequent first: what tells one old encoding from another."""

from collections.abc import Callable
from math import log
from typing import NamedTuple

_COMMON_SIGNS = "“”‘’„«»–—…•·°§€£©®\xa0¿¡‚‹›™½²³×±´\u200e\u200f"
_WIDE_SIGNS = "，。？！：；（）「」『』《》、・…—　“”‘’～【】·％＂＇．，／－＋＝"
_SIGN, _OTHER, _NEVER = 0.004, 1e-5, 1e-7


class Language(NamedTuple):
    """A language as an encoding's letters show it.

    Args:
        name: in English.
        encodings: in which its texts are found, the most usual first.
        letters: its letters that are not ASCII, the most frequent first; of a script with thousands, those.
        others: whether a letter is an everyday one of it though not among them, given its bytes.
        share: how likely each of those others is.
        rarity: how much evidence it takes to think of it, in natural logarithms.
    """

    name: str
    encodings: tuple[str, ...]
    letters: str
    others: Callable[[bytes], bool] | None = None
    share: float = 0.0
    rarity: float = 0.0

    def likelihoods(self) -> dict[str, float]:
        """The logarithm of how likely each letter and sign is."""
        weights = [1 / (rank + 2) for rank in range(len(self.letters))]
        total = sum(weights) / (0.55 if self.others else 0.9)
        known = {sign: log(_SIGN) for sign in (_WIDE_SIGNS if self.others else _COMMON_SIGNS)}
        for letter, weight in zip(self.letters, weights, strict=True):
            known[letter] = log(weight / total)
            if len(letter.upper()) == 1 and letter.upper() != letter:
                known.setdefault(letter.upper(), log(weight / total / 12))
        return known

    def likelihood(self, char: str, encoding: str, known: dict[str, float]) -> float:
        """The logarithm of how likely a character is, given those of `likelihoods`."""
        found = known.get(char)
        if found is not None:
            return found
        if char == "\ufffd" or not char.isprintable():
            return log(_NEVER)
        if self.others:
            try:
                everyday = self.others(char.encode(encoding))
            except UnicodeEncodeError:
                return log(_NEVER)
            return log(self.share if everyday else _NEVER * 10)
        return log(_OTHER if char.isalpha() else _NEVER * 10)


def _between(first: int, last: int, second: int = 0xA1) -> Callable[[bytes], bool]:
    return lambda code: len(code) == 2 and first <= code[0] <= last and code[1] >= second


def _kanji(code: bytes) -> bool:
    return len(code) == 2 and (0x88 <= code[0] <= 0x97 or code[0] in (0x82, 0x83))


def _euc_kanji(code: bytes) -> bool:
    return len(code) == 2 and (0xB0 <= code[0] <= 0xCF or code[0] in (0xA4, 0xA5))


_WEST = ("cp1252", "mac_roman", "cp850", "cp437")
_MIDDLE = ("cp1250", "iso8859_2", "cp852", "mac_latin2")
_HIRAGANA = "のにはをたがでてとしれさいるなもらかりこっよあまそうえおすきつちくけせだんみめじどばやわほべ"
_JAPANESE = _HIRAGANA + "ンールストイラックトリアグムロシドテフレタコサマジプメデカニバキナオ日一人年大会国"
_HANGUL = (
    "이다에는을의가고하기지사로도자서은리어인대한나시습니요있해수를그아일보정전부주제상원과여장구동게"
    "까면세신소만"
    "들라오장스우성무적할비안모때내않것터당조교중문조회연용선으데계진관공각경거치물저영생실드방식마음"
    "발명간강"
    "화될까번법두단받입트유재체던없같말른왔"
)
_SIMPLIFIED = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后"
    "作里用道"
    "行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实"
    "日军者"
    "意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美"
    "相见被"
    "利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水"
    "名真论"
    "处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期"
    "市直德"
    "资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色"
    "路记南"
    "品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运谁吗请怎吧帮您呢店买"
    "卖钱"
)
_TRADITIONAL = (
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後"
    "作裡用道"
    "行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實"
    "日軍者"
    "意無力它與長把機十民第公此已工使情明性知全三又關點正業外將兩高間由問很最重並物手應戰向頭文體政美"
    "相見被"
    "利什二等產或新己制身果加西斯月話合回特代內信表化老給世位次度門任常先海通教兒原東聲提立及比員解水"
    "名真論"
    "處走義各入幾口認條平係氣題活爾更別打女變四神總何電數安少報才結反受目太量再感建務做接必場件計管期"
    "市直"
    "誰嗎請怎吧幫您呢店買賣錢灣臺"
)
_RUSSIAN = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"

LANGUAGES = (
    Language("French", _WEST, "éèàêçôîùâûœëïüÿæ"),
    Language("German", _WEST, "üäößéà"),
    Language("Spanish", _WEST, "óíáéñúü"),
    Language("Portuguese", _WEST, "ãçéáíóêõâúàôü"),
    Language("Italian", _WEST, "èàùòìéîó"),
    Language("Scandinavian or Finnish", _WEST, "äöåøæéü"),
    Language("Dutch", _WEST, "éëïèüöêà", rarity=1),
    Language("Icelandic", _WEST, "áðíóéúöþýæ", rarity=4),
    Language("Polish", _MIDDLE, "łęąóżśćńź", rarity=1),
    Language("Czech or Slovak", _MIDDLE, "áíěéčřžýšůúťňóďľôäĺŕ", rarity=1),
    Language("Hungarian", _MIDDLE, "áéöóőüíúű", rarity=1),
    Language("Romanian", _MIDDLE, "ăîâţş", rarity=1.5),
    Language("Croatian or Slovene", _MIDDLE, "čšžćđ", rarity=1.5),
    Language("Turkish", ("cp1254", "cp857", "mac_turkish"), "ıüşğöçiİâîû", rarity=1),
    Language("Lithuanian", ("cp1257",), "ėšųįžąūčę", rarity=1.5),
    Language("Latvian", ("cp1257",), "āīēšūļņģčžķ", rarity=1.5),
    Language("Estonian", ("cp1257",), "äõüöšž", rarity=3),
    Language("Vietnamese", ("cp1258",), "đưạ́̀ơôâêặ̉̃áàéèíóúýùòì", rarity=2.5),
    Language("Russian", ("cp1251", "koi8_r", "cp866", "mac_cyrillic", "iso8859_5"), _RUSSIAN),
    Language("Ukrainian", ("cp1251", "koi8_u", "cp1125"), "оанивіетрсклудмпяьзгбчйїхцжшюєщфґ", rarity=1),
    Language("Greek", ("cp1253", "iso8859_7", "cp737", "mac_greek"), "αοιετνσρκπυμλςίηόέάγδωήύθφχβξώζψ"),
    Language("Hebrew", ("cp1255", "cp862"), "יוהלארתבמנשעדםחקפגטכזסןצךףץ"),
    Language("Arabic", ("cp1256", "iso8859_6", "cp720"), "اليمونرتبعدسفهكحقةشجطخصأىذضزءثظغئإؤآ؟،"),
    Language("Persian", ("cp1256",), "ادیرنمهوتشسبلکگپچژفخقعحصطضغظثذئآ؟،", rarity=1.5),
    Language("Thai", ("cp874",), "านรอกเงมยลวดทสตะปบคหแจพชขใไโผซธศภณถฟษฉญึืัี้่็์ิุู"),
    Language("Chinese", ("gb18030",), _SIMPLIFIED, _between(0xB0, 0xD7), 0.4 / 3755),
    Language("Chinese", ("big5hkscs",), _TRADITIONAL, _between(0xA4, 0xC6, 0x40), 0.4 / 5401),
    Language("Korean", ("cp949",), _HANGUL, _between(0xB0, 0xC8), 0.4 / 2350),
    Language("Japanese", ("cp932",), _JAPANESE, _kanji, 0.4 / 3100),
    Language("Japanese", ("euc_jp",), _JAPANESE, _euc_kanji, 0.4 / 3100),
)
"""Languages by the encodings that were usual for them before UTF-8."""
