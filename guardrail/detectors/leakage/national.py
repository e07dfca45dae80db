"""Identifiers of other countries, as Presidio's own recognisers know them: a table of forms, judged in `presidio.py`.

Rules:
1. Every row is off unless a rule names its kind in full: most have a form that ordinary text has too, and who serves
   one country knows which he needs.
2. The expression proposes what the recogniser's own would match, without look-around; the recogniser decides.
3. The words that announce a value are the recogniser's own, and the name of its country in Chinese.

Left out: what has a kind that is on by default (`presidio.py`: US_SSN, UK_NHS, SG_NRIC_FIN).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class National:
    """A recogniser of Presidio's by the name of its class, the entity it reports and the form to propose."""

    recogniser: str
    entity: str
    expression: str

    @property
    def kind(self) -> str:
        """`AU_TFN` is `pii.au_tfn`."""
        return f"pii.{self.entity.lower()}"

    @property
    def country(self) -> str:
        """The country's code in lower case."""
        return {"ABA_ROUTING_NUMBER": "us", "MEDICAL_LICENSE": "us"}.get(self.entity, self.entity[:2].lower())


COUNTRY_WORDS = {
    "au": ("澳洲", "澳大利亞", "澳大利亚"), "ca": ("加拿大",), "de": ("德國", "德国"), "es": ("西班牙",),
    "fi": ("芬蘭", "芬兰"), "in": ("印度",), "it": ("意大利", "義大利"), "kr": ("韓國", "韩国", "南韓"),
    "ng": ("尼日利亞", "尼日利亚"), "ph": ("菲律賓", "菲律宾"), "pl": ("波蘭", "波兰"), "se": ("瑞典",),
    "sg": ("新加坡",), "th": ("泰國", "泰国"), "tr": ("土耳其",), "uk": ("英國", "英国"), "us": ("美國", "美国"),
    "za": ("南非",),
}  # fmt: skip

TABLE: tuple[National, ...] = (
    National("AbaRoutingRecognizer", "ABA_ROUTING_NUMBER", r"\b[0123678]\d{3}-?\d{4}-?\d\b"),
    National("AuAbnRecognizer", "AU_ABN", r"\b\d{2}(?: \d{3}){3}\b|\b\d{11}\b"),
    National("AuAcnRecognizer", "AU_ACN", r"\b\d{3} \d{3} \d{3}\b|\b\d{9}\b"),
    National("AuMedicareRecognizer", "AU_MEDICARE", r"\b[2-6]\d{3} \d{5} \d\b|\b[2-6]\d{9}\b"),
    National("AuTfnRecognizer", "AU_TFN", r"\b\d{3} \d{3} \d{3}\b|\b\d{9}\b"),
    National(
        "CaPostalCodeRecognizer",
        "CA_POSTAL_CODE",
        r"\b[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] ?\d[ABCEGHJ-NPRSTV-Z]\d\b",
    ),
    National("CaSinRecognizer", "CA_SIN", r"\b[1-79]\d{2}(?: \d{3} |-\d{3}-|\d{3})\d{3}\b"),
    National("DeBsnrRecognizer", "DE_BSNR", r"\b\d{9}\b"),
    National("DeFuehrerscheinRecognizer", "DE_FUEHRERSCHEIN", r"\b[A-Z]{2}\d{8}[A-Z0-9]\b"),
    National("DeHandelsregisterRecognizer", "DE_HANDELSREGISTER", r"\bHR[AB]\s{0,3}\d{1,6}\b"),
    National("DeHealthInsuranceRecognizer", "DE_HEALTH_INSURANCE", r"\b[A-Z]\d{9}\b"),
    National("DeIdCardRecognizer", "DE_ID_CARD", r"\b[CFGHJ-NPRTV-Z][CFGHJ-NPRTV-Z0-9]{7}\d\b"),
    National("DeKfzRecognizer", "DE_KFZ", r"\b[A-Z]{1,3}[ -][A-Z]{1,2}[ -]\d{1,4}[EH]?\b"),
    National("DeLanrRecognizer", "DE_LANR", r"\b\d{9}\b"),
    National("DePassportRecognizer", "DE_PASSPORT", r"\b[CFGHJ-NPRTV-Z][CFGHJ-NPRTV-Z0-9]{7}\d\b"),
    National("DePlzRecognizer", "DE_PLZ", r"\b\d{5}\b"),
    National("DeSocialSecurityRecognizer", "DE_SOCIAL_SECURITY", r"\b\d{8}[A-Z]\d{3}\b"),
    National("DeTaxIdRecognizer", "DE_TAX_ID", r"\b[1-9]\d{10}\b"),
    National("DeTaxNumberRecognizer", "DE_TAX_NUMBER", r"\b(?:0[1-9]|1[0-6])\d{11}\b|\b\d{2,3}/\d{3,4}/\d{4,5}\b"),
    National("DeVatIdRecognizer", "DE_VAT_ID", r"\bDE[ .-]?\d{3}[ .-]?\d{3}[ .-]?\d{3}\b"),
    National("EsNieRecognizer", "ES_NIE", r"\b[X-Z]?\d{7,8}-?[A-Z]\b"),
    National("EsNifRecognizer", "ES_NIF", r"\b\d{7,8}-?[A-Z]\b"),
    National("EsPassportRecognizer", "ES_PASSPORT", r"\b[A-Z]{3}\d{6}\b"),
    National(
        "FiPersonalIdentityCodeRecognizer", "FI_PERSONAL_IDENTITY_CODE", r"\b\d{6}[-+A-FYXWVU]\d{3}[0-9A-FHJ-NPR-Y]\b"
    ),
    National("InAadhaarRecognizer", "IN_AADHAAR", r"\b\d{12}\b|\b\d{4}[- :]\d{4}[- :]\d{4}\b"),
    National("InGstinRecognizer", "IN_GSTIN", r"\b\d{2}[A-Za-z0-9]{11}Z[A-Za-z0-9]\b"),
    National("InPanRecognizer", "IN_PAN", r"\b[A-Za-z]{5}\d{4}[A-Za-z]\b"),
    National("InPassportRecognizer", "IN_PASSPORT", r"\b[A-Z][1-9]\d ?\d{4}[1-9]\b"),
    National(
        "InVehicleRegistrationRecognizer",
        "IN_VEHICLE_REGISTRATION",
        r"\b(?:[A-Z]{1,3}\d{4,5}|\d{1,3}(?:CD|CC|UN)\d{2,4}|[A-Z]{2}\d{1,2}[A-Z]{1,3}\d{4}|\d{2}BH\d{4}[A-HJ-NP-Z]{2}"
        r"|\d{2}[ABCDEFHKPRX]\d{6}[A-Z])\b",
    ),
    National("InVoterRecognizer", "IN_VOTER", r"\b[A-Za-z]{3}\d{7}\b"),
    National("ItDriverLicenseRecognizer", "IT_DRIVER_LICENSE", r"\b[A-Za-z]{2}\d{7}[A-Za-z]\b|\bU1[B-Z0-9]{7}[A-Z]\b"),
    National(
        "ItFiscalCodeRecognizer",
        "IT_FISCAL_CODE",
        r"\b[A-Za-z]{6}[0-9L-Vl-v]{2}[A-Za-z][0-9A-Za-z]{2}[A-Za-z][0-9A-Za-z]{3}[A-Za-z]\b",
    ),
    National(
        "ItIdentityCardRecognizer",
        "IT_IDENTITY_CARD",
        r"\b[A-Za-z]{2} ?\d{7}\b|\b\d{7}[A-Za-z]{2}\b|\b[A-Za-z]{2}\d{5}[A-Za-z]{2}\b",
    ),
    National("ItPassportRecognizer", "IT_PASSPORT", r"\b[A-Za-z]{2}\d{7}\b"),
    National("ItVatCodeRecognizer", "IT_VAT_CODE", r"\b\d(?:[ _]?\d){10}\b"),
    National("KrBrnRecognizer", "KR_BRN", r"\b\d{3}-\d{2}-\d{5}\b|\b\d{10}\b"),
    National("KrDriverLicenseRecognizer", "KR_DRIVER_LICENSE", r"\b\d{2}[- ]?\d{2}[- ]?\d{6}[- ]?\d{2}\b"),
    National("KrFrnRecognizer", "KR_FRN", r"\b\d{6}-?[5-8]\d{6}\b"),
    National("KrPassportRecognizer", "KR_PASSPORT", r"\b[MmSsRrOoDd](?:\d{8}|\d{3}[A-Za-z]\d{4})\b"),
    National("KrRrnRecognizer", "KR_RRN", r"\b\d{6}-?[1-4]\d{6}\b"),
    National("MedicalLicenseRecognizer", "MEDICAL_LICENSE", r"\b[A-HJ-MPR-UXa-hj-mpr-ux](?:[A-Za-z]\d{7}|9\d{7})\b"),
    National("NgNinRecognizer", "NG_NIN", r"\b\d{11}\b"),
    National("NgVehicleRegistrationRecognizer", "NG_VEHICLE_REGISTRATION", r"\b[A-Z]{3}[- ]?\d{3}[A-Z]{2}\b"),
    National("PhPassportRecognizer", "PH_PASSPORT", r"\b[A-Z]\d{7}[A-Z]\b|\b[A-Z]{2}\d{7}\b"),
    National("PhTinRecognizer", "PH_TIN", r"\b\d{3}-\d{3}-\d{3}(?:-\d{3})?\b|\b\d{9}(?:\d{3})?\b"),
    National("PhUmidRecognizer", "PH_UMID", r"\b\d{4}-\d{7}-\d\b|\b\d{12}\b"),
    National("PlPeselRecognizer", "PL_PESEL", r"\b\d{11}\b"),
    National("SeOrganisationsnummerRecognizer", "SE_ORGANISATIONSNUMMER", r"\b\d{6}-?\d{4}\b"),
    National("SePersonnummerRecognizer", "SE_PERSONNUMMER", r"\b\d{6}(?:\d{2})?[-+]?\d{4}\b"),
    National("SgUenRecognizer", "SG_UEN", r"\b\d{8,9}[A-Z]\b|\b[TSR]\d{2}[A-Z]{2}\d{4}[A-Z]\b"),
    National("ThTninRecognizer", "TH_TNIN", r"\b[1-9]\d{12}\b"),
    National("TrLicensePlateRecognizer", "TR_LICENSE_PLATE", r"\b\d{2}[ -]?[A-PR-VY-Z]{1,3}[ -]?\d{2,4}\b"),
    National("TrNationalIdRecognizer", "TR_NATIONAL_ID", r"\b[1-9]\d{10}\b"),
    National("UkDrivingLicenceRecognizer", "UK_DRIVING_LICENCE", r"\b[A-Z9]{5}\d{6}[A-Z9]{2}[A-Z0-9][A-Z]{2}\b"),
    National("UkNinoRecognizer", "UK_NINO", r"\b[A-Za-z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-Da-d]\b"),
    National("UkPassportRecognizer", "UK_PASSPORT", r"\b[A-Z]{2}\d{7}\b"),
    National("UkPostcodeRecognizer", "UK_POSTCODE", r"\b[A-Z]{1,2}\d[A-Z0-9]? ?\d[A-Z]{2}\b|\bGIR ?0AA\b"),
    National(
        "UkVehicleRegistrationRecognizer",
        "UK_VEHICLE_REGISTRATION",
        r"\b(?:[A-Z]{2}\d{2}[- ]?[A-Z]{3}|[A-Z]\d{1,3}[- ]?[A-Z]{3}|[A-Z]{3}[- ]?\d{1,3}[- ]?[A-Z])\b",
    ),
    National("UsBankRecognizer", "US_BANK_NUMBER", r"\b\d{8,17}\b"),
    National("UsClaimNumberRecognizer", "US_CLAIM_NUMBER", r"\bCLM-?\d{6,15}\b"),
    National("UsHealthInsuranceMemberIdRecognizer", "US_HEALTH_INSURANCE_MEMBER_ID", r"\b[A-Z]{1,5}-?[A-Z0-9]{5,14}\b"),
    National("UsItinRecognizer", "US_ITIN", r"\b9\d{2}[- ]?\d{2}[- ]?\d{4}\b"),
    National(
        "UsLicenseRecognizer",
        "US_DRIVER_LICENSE",
        r"\b(?:[A-Z]{1,2}\d{2,14}[A-Z]?|\d{2}[A-Z]{3}\d{5,6}|\d{7,9}[A-Z]{1,2}|\d{3}[A-Z]{2}\d{4}|[A-Z]\d[A-Z]\d[A-Z]|\d{6,14}|\d{16})\b",
    ),
    National("UsMbiRecognizer", "US_MBI", r"\b\d[A-Y][A-Y0-9]\d-?[A-Y][A-Y0-9]\d-?[A-Y]{2}\d{2}\b"),
    National("UsNpiRecognizer", "US_NPI", r"\b[12]\d{3}[ -]?\d{3}[ -]?\d{3}\b"),
    National("UsPassportRecognizer", "US_PASSPORT", r"\b[A-Z0-9]\d{8}\b"),
    National("UsPrescriptionNumberRecognizer", "US_PRESCRIPTION_NUMBER", r"\bRX-?\d{6,12}\b"),
    National("UsPriorAuthorizationNumberRecognizer", "US_PRIOR_AUTHORIZATION_NUMBER", r"\bPA-?\d{6,12}\b"),
    National("UsProviderTaxIdRecognizer", "US_PROVIDER_TAX_ID", r"\b\d{2}-\d{7}\b"),
    National("UsReferralNumberRecognizer", "US_REFERRAL_NUMBER", r"\b(?:REF|INF)-?\d{6,12}\b"),
    National(
        "ZaCompanyRegistrationRecognizer",
        "ZA_COMPANY_REGISTRATION",
        r"\b(?:19|20)\d{2}/\d{6}/\d{2}\b|\b(?:CK|NR|[KTWBMN])\d{4}/\d{6}\b",
    ),
    National("ZaDriverLicenseRecognizer", "ZA_DRIVER_LICENSE", r"\b\d{6,10}[A-Z0-9]{2,5}\b"),
    National("ZaIdNumberRecognizer", "ZA_ID_NUMBER", r"\b\d{10}[0-2][89]\d\b"),
    National("ZaIncomeTaxNumberRecognizer", "ZA_INCOME_TAX_NUMBER", r"\b[01239]\d{9}\b"),
    National(
        "ZaLicensePlateRecognizer",
        "ZA_LICENSE_PLATE",
        r"\b(?:[A-Z]{2,4} ?\d{2,4} ?[A-Z]{0,4} ?(?:GP|ZN|WP|EC|NC|FS|LP|MP|NW)|\d{2,3} ?[A-Z]{2,3} ?EC)\b",
    ),
    National(
        "ZaMobileNumberRecognizer",
        "ZA_MOBILE_NUMBER",
        r"\b0[6-8]\d[ -]?\d{3}[ -]?\d{4}\b|\+27[ -]?[6-8]\d[ -]?\d{3}[ -]?\d{4}\b",
    ),
    National("ZaPassportRecognizer", "ZA_PASSPORT", r"\b[ADMT]\d{8}\b"),
    National(
        "ZaTelephoneNumberRecognizer",
        "ZA_TELEPHONE_NUMBER",
        r"\b0[1-5]\d[ -]?\d{3}[ -]?\d{4}\b|\+27[ -]?[1-5]\d[ -]?\d{3}[ -]?\d{4}\b",
    ),
    National("ZaTrafficRegisterNumberRecognizer", "ZA_TRAFFIC_REGISTER_NUMBER", r"\b\d{13}\b"),
    National("ZaVatNumberRecognizer", "ZA_VAT_NUMBER", r"\b4\d{9}\b"),
)
"""In the order of the recognisers' names."""
