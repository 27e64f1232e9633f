"""The kinds of text that the estimate of tokens is measured on, each by its name.

All of it is made here: by hand where words matter, by a seeded generator where they do not, so
that every run has the same texts. `KINDS` makes one value of a kind, as a cell of a table has it;
`texts` makes texts of them, long and short, with every separator that our replies have.
"""

from __future__ import annotations

import base64
import hashlib
import random
import string
import uuid
from collections.abc import Callable, Iterator, Mapping

Kind = Callable[[random.Random], str]

DRUGS = (
    "hydrochlorothiazide lisinopril metformin atorvastatin amlodipine omeprazole losartan albuterol"
    " gabapentin sertraline levothyroxine simvastatin montelukast escitalopram rosuvastatin"
    " bupropion furosemide trazodone fluticasone tamsulosin pantoprazole meloxicam clopidogrel"
    " prednisone citalopram propranolol carvedilol tramadol warfarin cyclobenzaprine clonazepam"
    " spironolactone zolpidem venlafaxine methylphenidate dextroamphetamine glimepiride"
    " hydroxychloroquine cetuximab pembrolizumab trastuzumab idarucizumab abciximab nivolumab"
    " empagliflozin dapagliflozin sitagliptin semaglutide tirzepatide dulaglutide canagliflozin"
    " sacubitril valsartan rivaroxaban apixaban edoxaban ticagrelor prasugrel ezetimibe"
    " methotrexate sulfasalazine azathioprine mycophenolate tacrolimus cyclosporine sirolimus"
    " ceftriaxone piperacillin tazobactam vancomycin levofloxacin ciprofloxacin azithromycin"
    " doxycycline trimethoprim sulfamethoxazole nitrofurantoin amoxicillin clavulanate"
    " oseltamivir remdesivir sofosbuvir velpatasvir bictegravir emtricitabine tenofovir"
    " lamotrigine levetiracetam oxcarbazepine topiramate ezogabine zonisamide phenytoin"
    " quetiapine aripiprazole olanzapine risperidone ziprasidone lurasidone haloperidol"
    " isosorbide mononitrate nitroglycerin ranolazine ivabradine digoxin amiodarone dronedarone"
    " tiotropium umeclidinium vilanterol budesonide formoterol beclomethasone ipratropium"
    " ondansetron metoclopramide prochlorperazine famotidine esomeprazole lansoprazole sucralfate"
    " alendronate denosumab teriparatide raloxifene anastrozole letrozole tamoxifen exemestane"
    " oxycodone acetaminophen hydromorphone fentanyl buprenorphine naloxone naltrexone methadone"
).split()
DIAGNOSES = (
    "essential primary hypertension|type 2 diabetes mellitus with diabetic polyneuropathy"
    "|chronic obstructive pulmonary disease with acute exacerbation|hyperlipidemia unspecified"
    "|paroxysmal atrial fibrillation|gastro-esophageal reflux disease without esophagitis"
    "|atherosclerotic heart disease of native coronary artery without angina pectoris"
    "|malignant neoplasm of upper-outer quadrant of left female breast|hypothyroidism unspecified"
    "|chronic kidney disease stage 3b|acute on chronic diastolic congestive heart failure"
    "|major depressive disorder recurrent moderate|obstructive sleep apnea adult pediatric"
    "|unilateral primary osteoarthritis right knee|cholelithiasis without cholecystitis"
    "|rheumatoid arthritis with rheumatoid factor of multiple sites|laryngopharyngitis"
    "|sphenopalatine ganglioneuralgia|pneumonoultramicroscopicsilicovolcanoconiosis"
    "|choledochojejunostomy status|xerophthalmia|phthisis bulbi|syzygium allergy"
).split("|")
SERVICES = (
    "ER VISIT LEVEL 4|OFFICE O/P EST MOD 30 MIN|CT ABD & PELV W/CONTRAST|THER/PROPH/DIAG INJ SC/IM"
    "|COMPREHEN METABOLIC PANEL|CBC W/AUTO DIFF WBC|MRI BRAIN STEM W/O & W/DYE|HC SUPPLY STERILE"
    "|ANES UPR GI NDSC PX NOS|RPLCMT PROSTC KNEE TOT ARTHRP|XTRNL ECG CONT>7D<15D REC SCAN A/R"
    "|DEBRIDE NAIL 6+|PSYTX W PT 45 MINUTES|ARTHRT ASPIR&/INJ MAJOR JT/BURSA W/US|PROSTATECTOMY"
    "|BL SMEAR W/DIFF WBC COUNT|NJX AA&/STRD TFRML EPI L/S 1 LVL|BREAST TOMOSYNTHESIS BI"
).split("|")
NAMES = (
    "Maria Gonzalez|José Núñez|Siobhán O'Connor|Nguyễn Thị Minh Khai|Wojciech Szczęsny"
    "|Xochitl Quetzalcoatl|Zbigniew Brzeziński|Krzysztof Wąż|Mbwana Mkwawa|Aoife Ní Bhraonáin"
    "|Þórdís Guðmundsdóttir|Françoise L'Écuyer|Jürgen Müller-Lüdenscheidt|Ngozi Okonjo-Iweala"
    "|DeShawn McAllister|Tú Phạm|Björk Åkesson|Çağla Şimşek|Iñaki Etxeberria|Wm. Fitzwilliam IV"
).split("|")
HAN = "患者の糖尿病は管理されている高血压慢性阻塞性肺疾病住院診斷藥物治療龘靐齉爩鱻麤灪籲"
KANA = "インスリンさんのけつえきけんさグルコースメトホルミン"
HANGUL = "환자는당뇨병진단을받았습니다고혈압만성폐쇄성폐질환쀍뷁"
OTHER_SCRIPTS = (
    "пациент с сахарным диабетом|ασθενής με υπέρταση|المريض مصاب بداء السكري|חולה סוכרת מסוג"
    "|रोगी को मधुमेह है|ผู้ป่วยโรคเบาหวาน|շաքարային դիաբետ|დიაბეტი|የስኳር በሽታ|நீரிழிவு நோய்"
).split("|")
EMOJI = "😀🏥💊🩺🩸🧬🫀🫁❤️👩🏽‍⚕️🧑‍🔬🇺🇸🇯🇵1️⃣✅⚠️🏳️‍🌈👨‍👩‍👧‍👦🦠"
LOOKALIKES = "ﷺ㍿①½²㎎µ™ﬁ…№㏄Ⅷ️𝐀𝒷ℌ⑳㋿"


def _some(letters: str, least: int, most: int) -> Kind:
    return lambda chance: "".join(chance.choices(letters, k=chance.randint(least, most)))


def _digest(name: str) -> Kind:
    return lambda chance: hashlib.new(name, chance.randbytes(8)).hexdigest()


def _repeated(chance: random.Random) -> str:
    motif = "".join(chance.choices("ACGT", k=chance.randint(2, 6)))
    return motif * chance.randint(5, 30)


def _url(chance: random.Random) -> str:
    key = base64.urlsafe_b64encode(chance.randbytes(chance.randint(6, 30))).decode().rstrip("=")
    path = "/".join(chance.sample(["Patient", "fhir", "R4", "Claim", "api", "v2", "eob"], 3))
    return f"https://ehr-{chance.randint(1, 99)}.example.org/{path}?id={key}&_count=50#sec-2.1"


def _code(chance: random.Random) -> str:
    letter, digit = string.ascii_uppercase, string.digits
    shape = chance.choice(
        ["A00", "A00.0", "A00.00A", "00000", "A0000", "00000-A0", "0000-0", "00000-0000-00",
         "0AA0-AA0-AA00", "0AAAAA0", "A00-AA-0000", "000000000000000", "AA0000000"]
    )  # fmt: skip
    return "".join(
        chance.choice(letter) if s == "A" else chance.choice(digit) if s == "0" else s
        for s in shape
    )


def _number(chance: random.Random) -> str:
    value = chance.choice([chance.randint(0, 9_999), chance.uniform(-500, 500), chance.random()])
    return chance.choice([f"{value}", f"{value:.2f}", f"{value:,.1f}", f"${value:,.2f}"])


def _time(chance: random.Random) -> str:
    date = f"{chance.randint(1900, 2030)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
    clock = f"T{chance.randint(0, 23):02}:{chance.randint(0, 59):02}:{chance.randint(0, 59):02}"
    return date + chance.choice(["", clock, f"{clock}.{chance.randint(0, 999):03}Z"])


KINDS: Mapping[str, Kind] = {
    "drugs": lambda chance: chance.choice(DRUGS),
    "drugs in capitals": lambda chance: (
        f"{chance.choice(DRUGS)} {chance.choice(DRUGS)} {chance.randint(1, 999)} MG ORAL TABLET"
    ).upper(),
    "Drugs": lambda chance: chance.choice(DRUGS).capitalize(),
    "diagnoses": lambda chance: chance.choice(DIAGNOSES),
    "diagnoses in capitals": lambda chance: chance.choice(DIAGNOSES).upper(),
    "Diagnoses": lambda chance: chance.choice(DIAGNOSES).title(),
    "claim lines in capitals": lambda chance: chance.choice(SERVICES),
    "names of people": lambda chance: chance.choice(NAMES),
    "codes": _code,
    "numbers": _number,
    "long digits": _some(string.digits, 1, 60),
    "dates and times": _time,
    "DNA": _some("ACGT", 1, 200),
    "DNA in small letters": _some("acgt", 1, 200),
    "DNA repeats": _repeated,
    "protein": _some("ACDEFGHIKLMNPQRSTVWY", 1, 200),
    "capitals at random": _some(string.ascii_uppercase, 1, 40),
    "small letters at random": _some(string.ascii_lowercase, 1, 40),
    "letters at random": _some(string.ascii_letters, 1, 40),
    "base64": lambda chance: base64.b64encode(chance.randbytes(chance.randint(1, 120))).decode(),
    "base32": lambda chance: base64.b32encode(chance.randbytes(chance.randint(1, 40))).decode(),
    "md5": _digest("md5"),
    "SHA-256": _digest("sha256"),
    "SHA-1 in capitals": lambda chance: _digest("sha1")(chance).upper(),
    "UUID": lambda chance: str(uuid.UUID(bytes=chance.randbytes(16))),
    "ids": lambda chance: f"{_some('bcdfghjkmnpqrstvwxyz23456789', 6, 6)(chance)}-a"
                          f"{chance.randint(1, 99_999)}",
    "URLs": _url,
    "JSON": lambda chance: f'{{"{chance.choice(DRUGS)}":[{_number(chance)},null,"\\u00e9"]}}',
    "signs": _some(string.punctuation, 1, 40),
    "printable": _some(string.printable, 1, 60),
    "control characters": _some("".join(map(chr, range(32))) + "\x7f\x80\x9f", 1, 20),
    "Chinese and Japanese": _some(HAN + KANA, 1, 30),
    "Korean": _some(HANGUL, 1, 30),
    "other scripts": lambda chance: chance.choice(OTHER_SCRIPTS),
    "emoji": _some(EMOJI, 1, 15),
    "written otherwise by NFKC": _some(LOOKALIKES, 1, 15),
    "any character": lambda chance: "".join(
        chr(chance.choice([chance.randint(1, 0xD7FF), chance.randint(0xE000, 0x1FFFF)]))
        for _ in range(chance.randint(1, 20))
    ),
}  # fmt: skip

SEPARATORS = (" ", "\n", " | ", ",", ", ", '","', '":"', "-", "_", "/", "\t", "")


def value(kind: str, seed: int) -> str:
    """One value of a kind."""
    return KINDS[kind](random.Random(f"{kind} {seed}"))


def texts(kind: str, *, seed: int = 0) -> Iterator[str]:
    """Texts of one kind: different values with each separator, and one value again and again."""
    chance = random.Random(f"{kind} {seed}")
    make = KINDS[kind]
    for separator in SEPARATORS:
        yield separator.join(make(chance) for _ in range(40))
        yield separator.join([make(chance)] * 40)
    yield from (make(chance) for _ in range(40))
