"""Prices for `tokens`; written by benchmarks/token_estimate.py, never by hand."""

from __future__ import annotations

from collections.abc import Mapping

# Words and signs that the texts of our own products have often.
_WORDS = {
    1: (
        "ALT AND Active Added Age Alice Ana Anna Area Arm Asian Average Bay Black Blood Boston "
        "CAN CASE CAST Care Center Changed Charles Cities City Classes Columns Community "
        "Completed Control Cost Count Court Cycle DATE DESC David Day Drive Drug END EVENT East "
        "End Entity Events FROM Family Female Follow Frank GROUP Gary Gender General Group Harry "
        "Health Hospital IMP Internal Jackson James Jean John Jose Lane Last Left Leon Long Los "
        "Loss Louis Low Major Make Male Maria Mass Member Members Michael NOT NULL Not Number "
        "ORDER OVER Orange Patient Percent Phase Plan Point Primary REAL Race Rate Ratio Regional "
        "Risk Roger Rose SELECT SOC San Santa Score Sex Share Site States Statistics Status "
        "Street Study Subject The Thomas Total Treatment Type USA VARCHAR WHERE WHITE WITH Way "
        "White With YYYY above activated active actual acute address adult advanced affected "
        "after age ages all allowed alone amount and annual any are arm arms auth authorization "
        "average back based before below between birth blood brand care category cell charge "
        "chief city claim class classes closed code codes columns completed concat condition "
        "conditions control controlled count country counts county coverage current date dates "
        "day days death decision default department des description difference digit dot down "
        "early eight else email empty end entities entity episode epoch event events experimental "
        "expired extra failure false family female finished first flag follow for formula "
        "fraction frequency from gender generic give given grade group has heart height high "
        "highest history home hospital how identified its lab label language last later latest "
        "least leave left leg length limit line lines lost lower lung male max member members min "
        "months more name native need nine non none nor not nothing now null num number numeric "
        "offset old one only options oral other others out over paid pain parameters patient per "
        "percent person phase phone plan postal primary principal product protocol race range "
        "rate ratio reason records reference related relation relationship replace reported "
        "requested resolved result results risk round route routine row rows samples scenario "
        "schedule scheduled score scores secondary service severity sex sign single site sites "
        "six sleep small solution sql stage standard start state status still study subject "
        "subscriber substr sum system taken temperature ten test that the there those through "
        "time title today tokens too total trial two type types unit units unknown upper usual "
        "value version visit volume wanted was weeks weight well were what whether which while "
        "whose window with without years yet "
    ),
    2: (
        "ACTIVE ADVERSE AMB ActCode Acute Adults Advantage Adverse Alanine Albumin Alder Anaemia "
        "Anaheim Anemia Arms Authorizations Automated Avenue BID BOOLEAN Baek Barbara Bayou Beach "
        "Berkeley Betty Breakdown Brook Butte CKD CONTROL California Cancer Carbon Carol Castell "
        "Characteristics Chico Chronic Clara Clarita Clinic Clinical Coast Conditions Condor "
        "Constipation Copper Coverage DEATH DEU DISPOSITION DISTINCT DOSE Daly Daniel Davis "
        "Decreased Demographics Depression Diabetes Diagnosis Diane Diego Disposition "
        "Dispositions Donald Donna Doris EMER EPI Elk Emergency Encounter Encounters Essential "
        "FEV FRA FVC Fatigue Fern Fontana Frequent GBR GLOB Gastro Generalized George Gerald "
        "Glendale Golden Gout Grove HDL HMO Hangang Haruto Helen Hollow Houston Howard ICD "
        "Institute Insulin JOIN JPN Janice Joan Jonas Joseph Judith KOR Kenneth Kern LATINO LDL "
        "LENGTH LIKE Larry Latest Latino Lois Louise Lyon MILD MRN Madera Manchester Margaret "
        "Marie Medical Mild Minase Modesto Moles Nancy Nicotine ONCO Oaks Obesity Ontario Osaka "
        "Overview PARTITION PPO PRN Partial Patients Patricia Peripheral Personal Placer Plasma "
        "Ponts Poppy Potassium Priya Progression Protocol QHS QWK Quail RELATED Raymond Redding "
        "Removed Requested Residence Richard Ridge Rita River Robert Ronald Rosa Roseville Ruth "
        "SCREENING SUBJECT Saltgrass Samuel Sandra Scheduled Screening Senior Seo Seoul Serious "
        "Serum Sharon Shasta Shortness Solano Sonoma Stockton Subjects THEN Terminal Tern Terrace "
        "Theresa Toronto Trois USING Urine Visalia Visit Visits Vital Volume WHEN Whose Willie "
        "Yuba abnormal administration admission advantage adverse aeout aeser angina anxiety "
        "apnea approved artery arthritis atrial attending authorizations begins behind bmi breath "
        "calculation cancelled cancer charged chronic claims coalesce cohort collected comparator "
        "complaint complications consent copd cough creat decides denied dependence diabetes "
        "dioxide discharge discontinued disease disorder disorders disposition dose dsseq "
        "ejection encounter encounters enrolled exposure exroute exseq extrt facility filtration "
        "goes hcc humalog humulin imaging increased indication infection insulin investigator "
        "kidney loinc marital meant measured medicare medication membersim mild milestone missed "
        "mmol moderate mood mrn neither nicotine nobody novolog npi nullif nutrition observed "
        "oldest outcome oxygen partially pathological patients payer pcp pediatric pended peptide "
        "peripheral pital planned platelets poor predicted pressure psychotic randomization "
        "reduced reflux rejected resulted reversed rxnorm saturation screening serious severe "
        "shortness signs sponsor ssn stays stopped strftime studies subjects succinate sugar "
        "swelling treatment trials twelve unspecified visits vital wellness withdrawn worst yeon "
    ),
    3: (
        "APPLICABLE ASIAN Alameda Alastair Angeles Apixaban Arterial Aspirin BETWEEN Bakersfield "
        "Bernardino CHANGED COMPLETED COPD CTCAE Carolyn Cholesterol Corvane DISEASE DRUG Digoxin "
        "FOLLOW Febrile Francis Francisco Fremont Fresno Gastrointestinal Glomerular Harborview "
        "Heidelberg Hemoglobin Hispanic Huntington INTERRUPTED Infections Infirmary "
        "Investigations Joaquin Klinikum LOINC Lancaster Lantern Losartan MODERATE Manzanita "
        "Marchandeau Marilyn Marjorie Mateo Medicare Medications Medicine Metabolism Metformin "
        "Miriam Monterey NSCLC Nausea Nervous Northmoor Oakland Obstructive Okafor Oncology "
        "Oxnard PFFS PROGRESSIVE PROTOCOL Penhale Pomona Prednisone RESOLVED Ramanand Respiratory "
        "Riverside SEVERE Sacramento Salinas Stanislaus TREATMENT Therapeutics Torsemide Tulare "
        "Unspecified Vallejo Ventura Virginia WITHDRAWAL aeacn aeendtc aerel aeseq aesev aeterm "
        "appetite basaglar behavioral cigarettes complication congestive coronary deceased "
        "decreased dementia depressive diabetic diabetics diagnosed diagnoses diagnosis diastolic "
        "disturbance dsdecod dsstdtc dsterm esophageal ethnicity exdose exdosu exendtc exposures "
        "exstdtc fibrillation fracture glargine hypertension hypertensive hypoxia infestations "
        "inhalation inhaler insulins lantus levemir lymphatic mediastinal medications medicines "
        "mellitus novolin obstructive oncology patientsim pectoris prescriber proBNP pulmonary "
        "respiratory subcutaneous systolic thoracic tresiba usubjid valsartan withdrew worsening "
        "youngest "
    ),
    4: (
        "Albuterol Azithromycin Bicarbonate Carvedilol Comorbidities Creatinine Furosemide "
        "HISPANIC Hyperlipidemia Hypertensive Lakeshore Lindenhain Lisinopril MILESTONE "
        "Metoprolol Natriuretic Neuropathy Neutrophil Oceanside PROBABLY Pemetrexed Pneumonia "
        "RECOVERED RECOVERING RESOLVING Rheumatoid Semaglutide Sertraline Sunnyvale Triglyceride "
        "WITHDRAWN Wiedenbr Yodogawa aebodsys aedecod aestdtc aetoxgr esophagitis exacerbation "
        "exacerbations exdosfrq hyperglycemia neuropathy neutropenia nonsquamous osteoporosis "
        "prohormone salmeterol toujeo uncomplicated "
    ),
    5: (
        "Acetaminophen Atherosclerotic Atorvastatin Dyspnoea Eosinophils Fluticasone INTRAVENOUS "
        "Sitagliptin Spironolactone UNLIKELY polyneuropathy "
    ),
    6: ("Empagliflozin aminotransferase "),
    7: ("Dapagliflozin Thrombocytopenia "),
}
_SIGNS = {
    ' "': 1,
    ' "%",': 2,
    ' "<=': 2,
    ' ">=': 2,
    " %": 1,
    ' %","': 2,
    " '": 1,
    " '%": 1,
    " ''": 1,
    " '')": 1,
    " '')))\\": 3,
    " ''))\\": 3,
    " ''),": 2,
    " ')": 1,
    " ')',": 2,
    " ',": 1,
    " '.',": 1,
    " '???.[": 4,
    " '[": 1,
    " (": 1,
    " ('": 1,
    " (\\": 1,
    " )": 1,
    " ),\\": 2,
    " )\\": 2,
    " *": 1,
    " **": 1,
    " *,": 1,
    " *,\\": 2,
    " +": 1,
    " -": 1,
    " /": 1,
    " :": 1,
    " <": 1,
    " <=": 1,
    " <>": 1,
    " =": 1,
    " >": 1,
    " >=": 1,
    " [": 1,
    " [#/": 2,
    ' \\"': 1,
    ' {"': 1,
    " |": 1,
    " ||": 1,
    '",': 1,
    '","': 1,
    '",,': 2,
    '":': 1,
    '":"': 1,
    '":"%","': 3,
    '":"\'': 2,
    '":"<=': 2,
    '":">=': 3,
    '":"[': 2,
    '":-': 2,
    '":["': 1,
    '":[],"': 2,
    '":[{"': 2,
    '"],"': 2,
    '"},': 1,
    '"},{"': 2,
    '"}]': 2,
    '"}]}': 2,
    "%'\\": 2,
    "%)": 1,
    "%),": 1,
    '\'","': 2,
    '\'"],"': 3,
    "')": 1,
    "'))": 1,
    "'),": 1,
    "')\\": 2,
    "',": 1,
    "'\\": 1,
    "('": 1,
    "('%": 1,
    "()": 1,
    "(*)": 1,
    "(:": 1,
    ')",': 1,
    ')","': 2,
    ')"},': 2,
    ')"},{"': 2,
    ')"}]': 3,
    "))": 1,
    ")))\\": 2,
    "))\\": 2,
    "),": 1,
    ").": 1,
    "):": 1,
    ")\\": 1,
    "**": 1,
    ',"': 1,
    ",%,": 2,
    ",,": 1,
    ",,,": 2,
    ",,,,": 2,
    ",-": 1,
    ",<=": 2,
    ",>=": 2,
    ",[": 1,
    ",\\": 1,
    "-%": 1,
    '.","': 2,
    "/{": 1,
    '[{"': 2,
    '\\"\\': 1,
    ']",': 1,
    ']","': 2,
    "]*'": 2,
    "]*'\\": 2,
    "],": 1,
    '{"': 1,
    "|---|---|": 5,
    "|---|---|---|---|---|": 11,
    '}",': 1,
    '}","': 2,
    "},": 1,
    '},{"': 1,
    "}]": 1,
    '}],"': 2,
}
KNOWN: Mapping[str, int] = {
    word: price for price, words in _WORDS.items() for word in words.split()
} | _SIGNS
# Of letters: at least, for each, for each pair that is not common.
LETTERS = (1.7, 0.4, 0.55)
CAPITALS = (1.8, 0.475, 0.35)
COMMON_PAIRS = frozenset(
    (
        "ab ac ad ag ai ak al am an ap ar as at au av ay ba be bi bl bo br bs bu ca cc ce ch ci "
        "ck cl co cr ct cu da de di do dr ds du ea ec ed ee ef eg el em en ep er es et ev ew ex "
        "ey ez fa fe ff fi fl fo fr ga ge gh gi gl gn gr gs gu ha he hi ho ia ib ic id ie if ig "
        "il im in io ip ir is it iv iz jo ka ke ki ks la ld le li ll lo ls lt lu ly ma mb mc me "
        "mi mm mo mp mu na nc nd ne ng ni nn no ns nt nu nv oa ob oc od og ol om on oo op or os "
        "ot ou ov ow ox pa pe ph pi pl po pp pr pt qu ra rc rd re rg ri rl rm rn ro rr rs rt ru "
        "ry sa sc se sh si so sp ss st su sy ta te th ti tl to tr ts tt tu ty ua ub uc ue ui ul "
        "um un up ur us ut va ve vi wa we wi xi xp yn yp ze "
    ).split()
)
# Two letters that are one token.
SINGLE_PAIRS = frozenset(
    (
        "aa ab ac ad ae af ag ah ai aj ak al am an ao ap ar as at au av aw ax ay az ba bb bc bd "
        "be bf bg bh bi bk bl bm bn bo bp br bs bt bu bv bw bx by bz ca cb cc cd ce cf cg ch ci "
        "cj ck cl cm cn co cp cr cs ct cu cv cw cx cy da db dc dd de df dg dh di dj dk dl dm dn "
        "do dp dq dr ds dt du dv dw dx dy dz ea eb ec ed ee ef eg eh ei ej ek el em en eo ep eq "
        "er es et eu ev ew ex ey fa fb fc fd fe ff fg fh fi fk fl fm fn fo fp fq fr fs ft fu fv "
        "fw fx fy ga gb gc gd ge gf gg gh gi gl gm gn go gp gr gs gt gu gv gw gy gz ha hb hc hd "
        "he hf hg hh hi hl hm ho hp hr hs ht hu hv hw hy ia ib ic id ie if ig ih ii ij ik il im "
        "in io ip iq ir is it iv iw ix iy iz ja jd je jj jo jp js ju ka kb ke kg kh ki kj kk kl "
        "km kn ko kp ks kt ku kv kw ky la lb lc ld le lf lg lh li ll lm ln lo lp lr ls lt lu lv "
        "lw lx ly ma mb mc md me mf mg mi mk ml mm mn mo mp mq mr ms mt mu mv mw mx my na nb nc "
        "nd ne nf ng nh ni nk nl nm nn no np nr ns nt nu nv nw nx ny nz ob oc od oe of og oh ok "
        "ol om on oo op or os ot ou ov ow ox oy oz pa pb pc pd pe pf pg ph pi pk pl pm pn po pp "
        "pq pr ps pt pu pv pw px py qb qi qr qs qt qu ra rb rc rd re rf rg rh ri rl rm rn ro rp "
        "rq rr rs rt ru rv rw rx ry sa sb sc sd se sf sg sh si sj sk sl sm sn so sp sq sr ss st "
        "su sv sw sx sy sz ta tb tc td te tf tg th ti tk tl tm tn to tp tr ts tt tu tv tw tx ty "
        "tz ua ub uc ud uf ug uh ui ul um un up ur us ut uv va vb vc ve vf vg vh vi vk vl vm vn "
        "vo vp vr vs vt vu vv vw vx vy wa wb wc wd we wf wh wi wk wl wm wn wo wp wr ws wt ww wx "
        "wy xc xe xf xi xl xm xp xr xs xt xx xy ya ye yi yn yo yr ys yt yy za ze zh zi zo zs zu "
        "zw zz AA AB AC AD AE AF AG AH AI AJ AK AL AM AN AO AP AR AS AT AU AV AW AZ BA BB BC BD "
        "BE BF BI BL BM BN BO BP BR BS BT BU BY CA CB CC CD CE CF CG CH CI CL CM CN CO CP CR CS "
        "CT CU CV CW CX CY DA DB DC DD DE DF DH DI DJ DL DM DN DO DP DR DS DT DU DW DX EA EB EC "
        "ED EE EF EH EL EM EN EP EQ ER ES ET EU EV EX FA FB FC FD FE FF FH FI FK FL FM FN FO FP "
        "FR FS FT FW FX GA GB GC GD GE GF GG GH GI GL GM GO GP GR GS GT GU GW HA HC HD HE HF HG "
        "HH HL HM HO HP HQ HR HS HT HV HY IA IB IC ID IE IF IG II IL IM IN IO IP IQ IR IS IT IU "
        "IV IX JD JE JJ JK JO JP JS KB KE KL KO KS KT LA LB LC LD LE LF LG LI LL LM LN LO LP LR "
        "LS LT LU LV MA MB MC MD ME MG MI MK ML MM MN MO MP MQ MR MS MT MU MV MW MY NA NB NC ND "
        "NE NF NH NJ NK NL NM NN NO NP NR NS NT NU NV NW NX NY OB OC OD OF OH OK OL OM ON OO OP "
        "OR OS OT PA PB PC PD PE PF PG PH PI PK PL PM PO PP PR PS PT PU PV PY QA QQ QR QS QT QU "
        "RA RB RC RD RE RF RG RH RI RL RM RN RO RP RR RS RT RV RW SA SB SC SD SE SF SG SH SI SK "
        "SL SM SN SO SP SR SS ST SU SV SW SY SZ TA TB TC TD TE TF TG TH TI TL TM TN TO TP TR TS "
        "TT TU TV TW TX UC UE UI UK UL UM UN UP UR US UT UV VA VB VC VE VI VK VL VM VO VP VR VS "
        "VT WA WE WF WH WM WR WS WT WW XI XL XP XS XX XY YA YE ZZ Ab Ac Ad Af Ag Ah Ai Aj Ak Al "
        "Am An Ap Ar As At Au Av Aw Ax Ay Az Ba Be Bi Bl Bo Br Bu By Ca Cd Ce Ch Ci Cl Co Cr Cs "
        "Cu Cy Da Db De Di Do Dr Du Ec Ed Ek El Em En Ep Eq Er Es Et Eu Ev Ex Ey Fa Fe Fi Fl Fo "
        "Fr Fs Fu Ga Ge Gi Gl Go Gr Gu Ha He Hi Ho Hu Hy Hz Id If Ik Il Im In Io Ip Ir Is It Ja "
        "Je Jo Js Ju Ka Ke Kh Ki Kn Ky La Le Li Ln Lo Lt Lu Ly Ma Mb Mc Me Mi Mo Mr Ms Mt Mu My "
        "Na Ne Ng Ni No Nu Nx Ny Ob Of Oh Ok Ol Om On Op Or Os Pa Pe Ph Pi Pl Po Pr Ps Pt Pu Py "
        "Qi Qt Qu Ra Re Rh Ro Rs Ru Rx Sa Sc Se Sh Si Sk Sl Sm Sn So Sp Sr St Su Sw Sy Sz Ta Te "
        "Th Ti Tk To Tr Ts Tu Tw Tx Ty Ui Ul Um Un Up Ur Us Va Ve Vi Vo Vy Wa We Wh Wi Wo Wy Xi "
        "Ya Ye Yo Yu Ze Zh "
    ).split()
)
# Numbers by their length: alone, and after a space.
DIGITS = ((1, 2), (1, 2), (1, 2), (2, 3), (3, 3), (3, 3), (3, 4))
# Three digits that are not one token.
SPLIT_NUMBERS = ("531", "573", "721", "791", "793", "819", "837", "849", "863", "872", "893")
# Characters beyond ASCII that are one token.
ONE_TOKEN = frozenset(
    (
        "¡ ¢ £ ¦ § © ª « ® ° ± ´ µ ¶ · º » ¿ Á Â Ã Ç É Í Ó × Ü ß à á â ã ä å æ ç è é ê ë ì í î ï "
        "ð ñ ò ó ô õ ö ø ù ú û ü ý ā ă ą ć č đ ę ě ğ ī ı ł ń ō ő œ ř ś ş š ţ ū ů ź ż ž ư ș ț α β "
        "γ ε θ ι κ λ μ ν ο π ρ σ τ φ ω А Б В Г Д Е З И К Л М Н О П Р С Т У Ф Ч Я а б в г д е ж з "
        "и й к л м н о п р с т у ф х ц ч ш щ ъ ы ь э ю я ё і א ב ד ה ו ח י ל מ נ ע ר ש ת ا ب ة ت "
        "ج ح خ د ر ز س ش ص ط ع ف ق ك ل م ن ه و ى ي ک ی ं क त न म र ल स ह ा ि ी े ो ् া อ า ้ ‐ ‑ "
        "– — ― ‘ ’ “ ” „ † • … ′ ″ € ↑ → ↓ − ─ ━ ═ ╗ ╝ █ ░ ■ ● "
    ).split()
)
