"""The words that prompts and answers of the examples are made of, whose token counts are known."""

import random
from collections.abc import Iterator

# Each of these is one token in cl100k_base and in o200k_base, with and without a blank before it.
ANSWER_WORDS: tuple[str, ...] = tuple(
    """
answer apple arrow basket blue branch bread bridge bright brown brush build button cake camera card carry castle
cat chain chair child circle clear clock cloud coat coffee cold corner cover cream cross dark day deep desk door
dream drink drive dry early earth east edge engine eye face fair fall family farm field finger fire fish floor
flower food fork form fresh friend fruit gate gold grass great green ground group hair half hall hand happy hard
hat head heart hill history hold hour house ice inside iron key kind lake lamp land large leaf left letter level
line lion list little long love machine map match meal metal mind minute mirror mixed money month moon music
name near neck needle net new noise north note number office oil old open orange order page paint pair paper
park part paste peace pen picture pipe place plain plan plant plate play point port pot power price print public
quick quiet range ready rice right ring river road rock room root rose rule salt sand scale science sea second
seed sense shade sharp ship short side silver simple size skin sky sleep slow small snow soft solid song sound
south space spring square stage star station steam steel stem step stone store story street summer sun table
tail test thin thread time title tree true turn under unit value view voice walk warm water wave way weather
week west wheel white wide wild wind window wine winter wire wise wood word work world yard year yellow young
""".split()  # noqa: SIM905 – as a list literal this would be hundreds of lines
)

# Each of these is two tokens in both vocabularies. They were invented, so that finding one on a disk means a leak.
PROMPT_WORDS: tuple[str, ...] = tuple(
    """
blaemon blaeron blanim blanon blapur blareth blekim blepon blernel blevak blezel blidel blidon bligon blivel
blobift blogift blogim blolon bramel brapur brebeth bredel bredim bredur bregon brevel brilon brodur brofon
broneth bronift brupon crabel cranak cranift crarel craron crefon crefur crelim cremask crepon crevon cribeth
criron crivel crobon crodel crokel cronomb cronuv cropeth cropomb croxon crudur dragur dranel dravel drekel
drinel dropak fladel flagel flagim flagomb flavel flexomb flexon flidak fligon flipel flokon flolon flozon
flupon fluxeth fluxur gladel glamon glapel gledon glefel gliabeth gliadel gliavel glidon gliron globel globon
glolon grabel grabeth grafuv gramel grarel grareth gravim gravomb grebomb grebur grenak grepift greron gridask
grideth gridim gridon grimeth grimon griron grobon grobur grorel groupak groupask klarak klaron klefel klidel
klipel klodel kloupon krabeth krernel plaemon plaeron plamel planomb plebel plekur plepel plidak plikon plirim
plomon ploupon plugomb quadel quaemon qualim quamak quamuv quanel quapel quarel quazel quegon quelak quelift
queluv queruv quevim quiabeth quiapel quiavel quimon quirift quizel quizon quupon skanel skernel skeron skiavel
skineth skipim skomon skoron snapak snapuv snidak snizon snoron stadel stagask stagift stagomb stanask stareth
staromb stemeth stepask stepel stepift sterim stevel stezel stidon stigel stimeth stimon stomon storel studeth
thadel thaernel thanak therak thidel thikel thilon thinift thobel tholon trabeth tradask tradel tradur tragel
tragur tramift tranur trapel trapon triapon triavel tribomb trikon trilon trimask trinel tripon trobon trofon
trofur troron vabeth valmask valmeth valon vamel vapon vapur varel vareth vazon vedask veduv velmask velomb
velon velur venask vernask vevel vezift viafon viarak viaron viaxon vibur videth vigim viguv viluv vipak vipomb
vizask vizel vizim vonomb vonuv vorask vorur voxim voxur vupon waernel walak walask walmon walur wanon warel
wareth warnak warnur warnuv waron wavak wavel wavift webomb webur wegel wegim wegomb welask weluv wenak weneth
wenift wenon werift wernel widask widuv wigift wigon wiguv wilim winak winim winur wipel wolon wonak woneth
wonuv zamel zapift zevel zhanel zhazon zhigon ziapon zipel zipift zomon
""".split()  # noqa: SIM905 – as a list literal this would be hundreds of lines
)

PROMPT_TOKENS = dict.fromkeys(PROMPT_WORDS, 2)


def answer_words(seed: int) -> Iterator[str]:
    """An endless, repeatable row of one-token words, each with a blank before it."""
    position = seed
    while True:
        yield " " + ANSWER_WORDS[position % len(ANSWER_WORDS)]
        position = position * 5 + 1 & 0xFFFF


def prompt_of(tokens: int, chance: random.Random) -> str:
    """An invented prompt of exactly `tokens` tokens (at least one) in cl100k_base and in o200k_base."""
    words = chance.choices(PROMPT_WORDS, k=tokens // 2)
    if tokens % 2 or not words:
        words.append(chance.choice(ANSWER_WORDS))
    return " ".join(words)


def tokens_in(text: str) -> int:
    """The tokens of a text made of these words; any other word is taken as one token."""
    return sum(PROMPT_TOKENS.get(word, 1) for word in text.split())
