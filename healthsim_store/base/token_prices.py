"""Prices for `tokens`; written by benchmarks/token_estimate.py, never by hand."""

from __future__ import annotations

from collections.abc import Mapping

# Words and signs that the texts of our own products have often.
_WORDS = {
    1: (
        "ALT AND AST Active Actual Added Advanced After Age Alice All Ana Anna Area Arm Asian "
        "Average Back Bay Black Blood Boston CAN CASE CAST Care Center Changed Charles Cities "
        "City Columns Community Completed Control Cost Count Court Current Cycle DATE DESC Data "
        "David Day Description Drive Drug END EVENT East Elements End Entity Equal Events FOR "
        "FROM Family Female Flag Follow Form Frank Frequency GROUP Gary Gender General Group "
        "Growing HEIGHT Harry Hay Health Height High Hospital IMP Intent Internal Jackson James "
        "Jean John Jose Lab Lane Last Left Leon Long Los Loss Louis Low Major Make Male Maria "
        "Mass Member Members Michael NONE NORMAL NOT NULL Name Next Non Not Number OPEN ORDER "
        "OVER Orange POS PRIMARY Parameters Patient Percent Phase Plan Point Primary Private REAL "
        "Race Rate Ratio Regional Results Risk Roger Rose Route Rules SELECT SOC San Santa Score "
        "Self Sex Share Site Sites States Statistics Status Stop Street Study Subject TEMP Term "
        "The Thomas Time Total Treatment Trial Type USA Units VARCHAR Values WHERE WHITE WITH Way "
        "Weight White Who With above activated active actual acute adaptive add address adult "
        "advanced affected after age ages all allowed alone also amount and annual are arm arms "
        "auth authorization average back based before below between binary birth blood bone brain "
        "brand can care category cell charge chief choice city claim class classes closed code "
        "coded codes column columns compare completed concat condition conditions confirmed "
        "control controlled could count country counts county coverage criteria current date "
        "dates day days death decision default department des description design difference digit "
        "done dot down early eight element elements else email empty end entities entity episode "
        "epoch event events exceptions experimental expired extra failure false family female "
        "field finished first flag follow for formula found fraction frequency from function "
        "gender generic give given grade group half has health heart height high highest history "
        "home hospital how identified integer intent its joint kind lab label language last later "
        "latest least left leg length limit line lines lost low lower lung male man max maximum "
        "meet member members met min minimum model modified more most name native need nine non "
        "none nor not now null num number numeric objective office offset old older one only "
        "options oral other out outside over overall paid pain parameter parameters patient pay "
        "pending per percent person phase phone plan points postal pre primary principal product "
        "protocol race range rate ratio reason records reference registry related relation "
        "relationship removed replace reported requested resolved result results risk round route "
        "routine row rows same samples scenario schedule scheduled score scores screen secondary "
        "service setting severity sex short sign single site sites six sleep small solution sql "
        "stage standard start state statistics status stay still study subject subscriber sum "
        "system taken temperature ten test text than that the there those through time title "
        "today tokens too total trial true two type types unit units unknown until upper usual "
        "value values version virtual visit volume wanted was weeks weight well were what where "
        "whether which while whose window with without woman writing years yes yet "
    ),
    2: (
        "ACTIVE ACUTE ADVERSE AESEQ AFTER ALB AMB Able ActCode Acute Administration Adults "
        "Advantage Adverse Alanine Albumin Alder Anaheim Anemia Appendix Arms Assigned "
        "Authorizations Automated Avenue BID BOOLEAN BOTH Baek Barbara Bayou Beach Berkeley Betty "
        "Breakdown Brook Butte CKD CONTROL CREAT CYCA CYCC California Cancer Carbon Carol Castell "
        "Characteristics Chico Chronic Clara Clarita Clinic Clinical Coast Comparative Conditions "
        "Condor Constipation Copper Coverage Cutoff DEATH DEU DISPOSITION DISTINCT DOSE Daly "
        "Daniel Davis Demographics Depression Derived Diabetes Diagnosis Diane Diego Disposition "
        "Dispositions Donald Donna Doris Dose Dosing Drugs Dual EMER EPI EPO EVERY EXCL Earlier "
        "Elk Emergency Emergent Encounter Encounters Essential FATAL FEV FFS FLD FRA FUP FVC Fern "
        "Fontana Frequent GBR GENERAL GLOB Gastro Generalized George Gerald Glendale Golden Gout "
        "Grove Growth HDHP HDL HGB HMO Hangang Haruto Healthy Heartburn Helen Hollow Houston "
        "Howard ICD INCL Indicator Informed Infusion Institute Insulin JOIN JPN Janice Joan Jonas "
        "Joseph Judith KOR Kenneth Kern LABEL LATINO LDL LENGTH LIKE LOST LOW LYM Laboratory "
        "Larry Latest Latino Lois Louise Lung Lyon MILD MRN MSA Madera Manchester Margaret Marie "
        "Maximum Measure Medical Minase Modesto Moles NEUT NONAC Nancy Nicotine ONCO ORAL Oaks "
        "Obesity Objective Ontario Osaka Outcome Overview PARTITION PINF PLAT PPO PRENC PRN Pain "
        "Partial Patients Patricia Personal Placer Planned Plasma Platelets Ponts Poppy Potassium "
        "Pressure Priya Progression Protocol Pulse QHS QWK Quail RELATED Randomization Randomized "
        "Raymond Redding Removed Residence Richard Ridge Rita River Robert Ronald Rosa Roseville "
        "Ruth SCREENING SERUM SNP SOLUTION STOPRULE SUBJECT Saltgrass Samuel Sandra Scheduled "
        "Screening Secondary Senior Seo Seoul Serious Serum Sharon Shasta Shortness Signs Solano "
        "Sonoma Stockton Subjects Sufficient TABLET THEN TID TTYPE Temperature Terminal Tern "
        "Terrace Theresa Toronto Trois UNK USING Urine Visalia Visit Visits Vital Volume WEIGHT "
        "WHEN Whose Willie Worn YEARS Yuba abnormal administrative admission advantage adverse "
        "aellt aeout aeser aeslife aesoc against airways ambulatory angina anxiety apnea approved "
        "artery arthritis atrial attending authorizations autoimmune beats became begins behind "
        "blinding bmi bowels breath calculation canceled cancelled cancer certified charged "
        "chronic claims cmcat cmclas cmdose cmroute cmseq coalesce cohort collected comparator "
        "complaint complications consent copd cough creat criterion decides denied dependence "
        "diabetes died differences dioxide discharge discontinued disease disorder disposition "
        "dollars dose dsseq dual ejection eligibility eligible emergency encounter encounters "
        "enrolled etcd exadj excat exlot exposure exroute exseq extrt facility factors failures "
        "fever filtration findings gives goes greatest hcc histories humalog humulin icd idvar "
        "ietest imaging indication infection informed infusion inpatient insulin intervention "
        "investigator keeps kidney kidneys knee lbcat lbmethod lbseq lbstat lbtest leaves lesion "
        "liver loinc marital marrow meant measured medical medicare medication membersim mild "
        "milestone milestones missed mmol moderate mood mrn nFROM nSELECT neither nicotine "
        "nonbinary novolog npi nullif observation observed oldest outcome outpatient oxygen "
        "partially participation pathological patients payer pcp pediatric pended peptide pital "
        "planned poor population predicted pressure progression psychotic qeval qlabel qnam qorig "
        "qval randomization randomized rdomain reached reduced reflux rejected resulted reversed "
        "rxnorm safety saturation screening serious severe shortness signs smaller sponsor ssn "
        "statistic stays stopped stops strftime studies subjects succinate sugar swelling "
        "synonyms systemic tedur teenrl telehealth tirl tissue tivers treat treated treatment "
        "trials tsparm tsseq tsval twelve umol unspecified visits vital vsseq vsstat wellness "
        "whom withdrawn worst yeon "
    ),
    3: (
        "AESEV AGEMAX APPLICABLE ASIAN Alameda Alastair Angeles Antibiotics Apixaban Arterial "
        "Aspirin BETWEEN BLOOD Bakersfield Bernardino CAPSULE CDISC CHANGED CLINICAL COMPLETED "
        "COMPTRT COPD CTCAE CURTRT Carolyn Cataract Cholesterol Concomitant Coronary Corvane "
        "Criteria DCUTDESC DIABP DISEASE DRUG DSNP DURING Diagnoses Diarrhea Diastolic Digoxin "
        "EXCLUSION FOLLOW Francis Francisco Fremont Fresno Glomerular Harborview Heidelberg "
        "Hemoglobin Hispanic Huntington INCLUSION INHALATION INJECTION INTERRUPTED Infirmary "
        "Invented Joaquin Klinikum LBTESTCD LOINC Lancaster Lantern Loperamide Losartan "
        "Lymphocytes MODERATE Manzanita Marchandeau Marilyn Marjorie Mateo Medicaid Medicare "
        "Medications Medicine Metformin Miriam Monterey NSCLC Nausea Northmoor OBJSEC OBSENC "
        "ONCOLOGY OUTMSSEC Oakland Obstructive Okafor Oncology Oxnard PFFS PRIOR PROGRESSIVE "
        "PROTOCOL PULSE Penhale Pomona Prednisone Pregnant Quotient RANDNO RANDQT RESOLVED ROUTE "
        "Ramanand Riverside SEVERE SITTING SNOMED SPONSOR STUDY SYSBP Sacramento Salinas "
        "Stanislaus Supplemental Systolic THERAREA TINDTP TREATMENT Therapeutic Therapeutics "
        "Therapy Tiredness Torsemide Tulare Unspecified Vallejo Ventura Virginia WEEKS WITHDRAWAL "
        "Worsening aeacn aecat aecontrt aeendtc aeenrf aehlt aelltcd aepatt aeptcd aerel aescat "
        "aescong aesdisab aesdth aeseq aesev aeshosp aesmie aesoccd aespid aeterm antibody "
        "appetite basaglar behavioral cholesterol cigarettes clotting cmdecod cmdosfrm cmdostxt "
        "cmdosu cmendtc cmenrf cmindc cmstdtc cmstrf cmtrt completers complication concomitant "
        "congestive coronary deceased dementia depressive diabetic diabetics diagnosed diagnoses "
        "diagnosis diastolic disturbance dsdecod dsdtc dsscat dsspid dsstdtc dsterm efficacy "
        "esophageal ethnicity exdose exdosfrm exdosu exendtc exposures exstdtc fibrillation "
        "fracture glargine hypertension hypertensive hypoxia idvarval ietestcd inflammation "
        "inhalation inhaler insulins lantus lbblfl lbdtc lbfast lbloinc lborres lbscat lbspec "
        "lbtestcd levemir medications medicines mellitus metastases mhcat mhdtc mhendtc mhenrf "
        "mhmodify mhoccur mhpresp mhseq mhterm mmHg nausea novolin nursing obstructive oncology "
        "patientsim pectoris pharmacologic prescriber proBNP pulmonary relievers respiratory "
        "seendtc seseq seupdes stomach subcutaneous supplemental survival systolic tabranch "
        "taetord tatrans testrl tolerated tresiba tsparmcd tsvalcd tsvalnf tvenrl tvstrl "
        "uninsured unplanned usubjid valsartan vsblfl vsdtc vslat vsloc vsorres vspos vsreasnd "
        "vstest withdrew worsening youngest "
    ),
    4: (
        "AEROSOL Albuterol Aspartate Azithromycin Bicarbonate CONCOMITANT Carvedilol "
        "Comorbidities Creatinine DOSFRM DOSFRQ Filgrastim Furosemide HEMATOLOGY HISPANIC "
        "HLTSUBJI Hyperlipidemia Hypertensive INTERVENTIONAL Indemnity Lakeshore Lindenhain "
        "Lisinopril MILESTONE Metoprolol Natriuretic Neutrophils OUTMSPRI Oceanside PARALLEL "
        "PARTICIPATION PROBABLY Pemetrexed RECOVERED RECOVERING RESOLVING RESPIRATORY Rheumatoid "
        "SAFETY Semaglutide Sertraline Sunnyvale Triglyceride WITHDRAWN Wiedenbr Yodogawa "
        "aebodsys aedecod aehlgt aehltcd aestdtc aetoxgr cmclascd cmdosfrq cmmodify esophagitis "
        "exacerbation exacerbations exdosfrq exdostot exdostxt hyperglycemia lbnrind lbornrhi "
        "lbornrlo lborresu lbreasnd lbstnrhi lbstnrlo lbstresc lbstresn lbstresu mhbodsys mhdecod "
        "mhscat mhstdtc neutrophils nonsquamous osteoporosis pemetrexed prohormone salmeterol "
        "sestdtc toujeo tsgrpid tsvcdref tsvcdver uncomplicated vsorresu vsstresc vsstresn "
        "vsstresu vstestcd "
    ),
    5: (
        "Acetaminophen Amlodipine Amoxicillin Atherosclerotic Atorvastatin Eosinophils "
        "Fluticasone INTRAVENOUS Omeprazole Ondansetron Sitagliptin Spironolactone UNLIKELY "
        "aebdsycd aehlgtcd polyneuropathy "
    ),
    6: ("Aminotransferase Empagliflozin SUBCUTANEOUS "),
    7: ("Dapagliflozin "),
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
    " '')": 1,
    " ')": 1,
    " ')',": 2,
    " '*'\\": 2,
    " ',": 1,
    " '.',": 1,
    " '???[": 3,
    " '[": 1,
    " (": 1,
    " ('": 1,
    " (:": 1,
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
    '",,,,,': 3,
    '",,,,,,': 4,
    '":': 1,
    '":"': 1,
    '":"","': 2,
    '":"%","': 3,
    '":"\'': 2,
    '":"<=': 2,
    '":">=': 3,
    '":"[': 2,
    '":-': 2,
    '":["': 1,
    '":[],"': 2,
    '":[{"': 2,
    '":{"': 2,
    '"],"': 2,
    '"},': 1,
    '"},"': 2,
    '"},{"': 2,
    '"}]': 2,
    '"}],"': 2,
    '"}]}': 2,
    "%'\\": 2,
    "%)": 1,
    "%),": 1,
    '\'","': 2,
    '\'"],"': 3,
    "')": 1,
    "'))": 1,
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
    ')"}],"': 3,
    "))": 1,
    ")))\\": 2,
    "),": 1,
    "),,": 2,
    "):": 1,
    ")\\": 1,
    "**": 1,
    ',"': 1,
    ",%,": 2,
    ",,": 1,
    ",,,": 2,
    ",,,,": 2,
    ",,,,,": 3,
    ",,,,,,": 3,
    ",,,,,,,,,,,": 6,
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
    "|---|---|---|---|": 9,
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
CAPITALS = (1.9, 0.45, 0.4)
COMMON_PAIRS = frozenset(
    (
        "ab ac ad ag ai ak al am an ap ar as at au av ay ba be bi bl bo br bs bu ca cc ce ch ci "
        "ck cl co cr ct cu da de di do dr ds du ea ec ed ee ef eg el em en ep er es et ev ew ex "
        "ey fa fe ff fi fl fo fr ga ge gh gi gl gn gr gs gu ha he hi ho ia ib ic id ie if ig il "
        "im in io ip ir is it iv iz jo ke ki ks la ld le li ll lo ls lt lu ly ma mb me mi mm mo "
        "mp mu na nc nd ne ng ni nn no ns nt nu nv ob oc od og ok ol om on oo op or os ot ou ov "
        "ow pa pe ph pi pl po pp pr ps pt qu ra rc rd re rg ri rl rm rn ro rr rs rt ru ry sa sc "
        "se sh si so sp ss st su sy ta te th ti tl to tr ts tt tu ty ua ub uc ue ui ul um un up "
        "ur us ut va ve vi wa we wi wo xi xp yn yp yt za ze "
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
