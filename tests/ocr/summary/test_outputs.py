"""facts.json, the IPS bundle and the page, made of one history."""

import base64
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from importlib.resources import files

import fhirkit
import jsonschema
import pytest

from bench.ips_rules import broken_rules
from core.errors import InputError
from core.history import History
from core.words import Reading
from ocr.summary import facts_document, ips_bundle, render_html, summarise, write_history
from tests.ocr.summary.paper import HEAD, make_document, make_reading

AT = datetime(2025, 4, 1, 12, tzinfo=UTC)
LETTER = (
    HEAD
    + "Diagnoses\n1. Hypertension\n2. Gout\nAllergies\nPenicillin: rash\nCurrent medications\n"
    + "1. Metformin 1000 mg oral twice daily\n2. Eliquis ~5~ mg PO BID\nPast surgical history\n"
    + "Appendectomy in 2009.\nFamily history\nHer father had a stroke.\n"
)
RESULTS = (
    HEAD
    + "Collected: {date}\nTest   Result   Flag   Unit   Reference range\n"
    + "Potassium   {value}   H   mmol/L   3.5-5.1\n"
)
CARD = HEAD + "Vaccination Card\nVaccine   Date   Batch\nInfluenza   16/10/2023   FL-2307\n"
STOP = HEAD + "STOP\n1. Ramipril 5 mg daily\nStopped because of a cough.\nAllergies: NKDA\n"


@pytest.fixture(scope="module")
def reading() -> Reading:
    return make_reading(
        make_document("letter.pdf", LETTER, "Page two"),
        make_document("a.png", RESULTS.format(date="2023-02-01", value="5.4")),
        make_document("b.png", RESULTS.format(date="2024-02-01", value="5.9")),
        make_document("card.jpg", CARD),
        make_document("stop.png", STOP),
    )


@pytest.fixture(scope="module")
def history(reading: Reading) -> History:
    return summarise(reading)


@pytest.fixture(scope="module")
def bundle(history: History, reading: Reading) -> dict:
    return ips_bundle(history, reading, generated_at=AT)


# facts.json


def test_facts_document_follows_its_published_schema(history):
    schema = json.loads(files("ocr.summary").joinpath("data/facts.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    document = json.loads(json.dumps(facts_document(history)))
    jsonschema.validate(document, schema, cls=jsonschema.Draft202012Validator)
    assert {fact["kind"] for fact in document["facts"]} >= {"allergy", "medication", "lab"}


def test_facts_document_has_unique_ids_that_conflicts_name(history):
    document = facts_document(history)
    ids = [fact["id"] for fact in document["facts"]]
    assert len(ids) == len(set(ids))
    assert document["conflicts"]
    assert all(i in ids for conflict in document["conflicts"] for i in conflict["facts"])


def test_facts_quote_the_page_text_at_their_span(history, reading):
    pages = {(p.document, p.number): p.text for d in reading.documents for p in d.pages}
    for fact in history.facts:
        for evidence in fact.evidence:
            assert pages[evidence.document, evidence.page][slice(*evidence.span)] == evidence.quote


# IPS


def test_ips_bundle_keeps_the_rules_of_ips(bundle):
    assert broken_rules(bundle) == []


def test_ips_bundle_is_valid_fhir_r4(bundle):
    assert [str(issue) for issue in fhirkit.validate(bundle)] == []


def test_ips_bundle_of_nothing_is_valid_and_says_unavailable():
    nothing = make_reading()
    empty = ips_bundle(summarise(nothing), nothing, generated_at=AT)
    assert fhirkit.validate(empty) == []
    sections = empty["entry"][0]["resource"]["section"]
    required = [
        s for s in sections if s["code"]["coding"][0]["code"] in ("11450-4", "48765-2", "10160-0")
    ]
    assert len(required) == 3
    for section in required:
        assert section["emptyReason"]["coding"][0]["code"] == "unavailable"


def test_ips_bundle_has_each_required_section_once(bundle):
    codes = [s["code"]["coding"][0]["code"] for s in bundle["entry"][0]["resource"]["section"]]
    wanted = ("11450-4", "48765-2", "10160-0", "11369-6", "30954-2", "47519-4")
    assert [codes.count(code) for code in wanted] == [1] * len(wanted)


def test_ips_bundle_resolves_every_reference(bundle):
    urls = {entry["fullUrl"] for entry in bundle["entry"]}
    references = re.findall(r'"reference": "([^"]+)"', json.dumps(bundle))
    assert references
    assert set(references) <= urls


def test_ips_bundle_points_every_statement_to_its_page(bundle, history):
    provenances = [
        e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Provenance"
    ]
    assert len(provenances) == len([f for f in history.facts if f not in history.negated])
    quotes = {
        part["valueString"]
        for provenance in provenances
        for entity in provenance["entity"]
        for part in entity["extension"][0]["extension"]
        if part["url"] == "quote"
    }
    assert "Penicillin: rash" in quotes


def test_ips_bundle_holds_each_page_image_and_the_lean_page(bundle, history, reading):
    attachments = {
        entry["resource"]["id"]: entry["resource"]["content"][0]["attachment"]
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == "DocumentReference"
    }
    assert set(attachments) == {*(f"page-{n}" for n in range(1, 7)), "history-page"}
    assert attachments["page-1"]["contentType"] == "image/jpeg"
    assert base64.b64decode(attachments["page-3"]["data"]) == reading.documents[1].images[0]
    page = base64.b64decode(attachments["history-page"]["data"]).decode()
    assert page == render_html(history, reading, embed_images=False)


def test_ips_bundle_leaves_out_the_pages_of_another_patient():
    mixed = make_reading(
        make_document("other.png", "Patient: Paul Reyes   DOB: 1985-01-02\nAllergies: latex"),
        make_document("one.png", LETTER),
        make_document("two.png", LETTER),
    )
    bundle = ips_bundle(summarise(mixed), mixed, generated_at=AT)
    ids = [
        e["resource"]["id"]
        for e in bundle["entry"]
        if e["resource"]["resourceType"] == "DocumentReference"
    ]
    assert ids == ["page-2", "page-3", "history-page"]
    assert "Reyes" not in json.dumps(bundle)


def test_ips_bundle_is_the_same_when_made_again(bundle, history, reading):
    assert ips_bundle(history, reading, generated_at=AT) == bundle


def test_ips_bundle_refuses_a_time_without_zone(history, reading):
    with pytest.raises(ValueError, match="time zone"):
        ips_bundle(history, reading, generated_at=AT.replace(tzinfo=None))


def test_ips_bundle_gives_none_known_its_own_code():
    paper = make_reading(make_document("a.png", HEAD + "Allergies: No known allergies"))
    bundle = ips_bundle(summarise(paper), paper, generated_at=AT)
    (allergy,) = [
        e["resource"]
        for e in bundle["entry"]
        if e["resource"]["resourceType"] == "AllergyIntolerance"
    ]
    assert allergy["code"]["coding"][0]["code"] == "716186003"


# The page


class _Page(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def values(self, tag: str, attribute: str) -> list[str]:
        return [a[attribute] or "" for t, a in self.tags if t == tag and attribute in a]


@pytest.fixture(scope="module")
def page(history: History, reading: Reading) -> str:
    return render_html(history, reading, embed_images=True)


def test_page_is_self_contained_without_scripts(page):
    parsed = _Page(page)
    assert not {"script", "link", "iframe", "object", "form", "base"} & {t for t, _ in parsed.tags}
    assert all(src.startswith("data:image/jpeg;base64,") for src in parsed.values("img", "src"))
    assert all(href.startswith("#") for href in parsed.values("a", "href"))
    assert not re.search(r"url\(|@import|https?://", page)
    assert not any(name.startswith("on") for _, attributes in parsed.tags for name in attributes)


def test_page_names_images_by_page_number_when_lean(history, reading):
    lean = _Page(render_html(history, reading, embed_images=False))
    assert lean.values("img", "src") == [f"cid:page-{n}" for n in range(1, 7)]


def test_page_links_every_fact_to_evidence_that_is_there(page, history):
    parsed = _Page(page)
    ids = [attributes["id"] for _, attributes in parsed.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {href[1:] for href in parsed.values("a", "href")} <= set(ids)
    for fact in history.facts:
        assert fact.id in ids
    marks = sum(len(fact.evidence) for fact in history.facts)
    assert {f"e{n}" for n in range(1, marks + 1)} <= set(ids)


def test_page_places_each_box_in_percent_of_the_image(page, history, reading):
    fact = history.allergies[0]
    box, first = fact.evidence[0].box, reading.documents[0].pages[0]
    left, top = round(100 * box.left / first.width, 2), round(100 * box.top / first.height, 2)
    assert f"left:{left}%;top:{top}%" in page


def test_page_is_accessible(page):
    parsed = _Page(page)
    assert ("html", {"lang": "en"}) in parsed.tags
    assert len(parsed.values("img", "alt")) == len(parsed.values("img", "src"))
    assert [t for t, _ in parsed.tags].count("h1") == 1
    assert all("scope" in attributes for tag, attributes in parsed.tags if tag == "th")


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", '"><img/src=x/onerror=alert(1)>', "{{7*7}}"]
)
def test_page_escapes_what_the_paper_says(hostile):
    text = (
        f"Patient: Nora Linden\nAllergies\nPenicillin {hostile} rash\nDiagnoses\n1. Gout{hostile}\n"
    )
    paper = make_reading(make_document(f"{hostile.replace('/', '')}.png", text))
    page = render_html(summarise(paper), paper, embed_images=False)
    assert hostile not in page or hostile == "{{7*7}}"
    assert "<script" not in page
    assert not any(a.startswith("on") for _, attributes in _Page(page).tags for a in attributes)
    assert fhirkit.validate(ips_bundle(summarise(paper), paper, generated_at=AT)) == []


def test_page_says_unknown_where_no_page_says_anything():
    paper = make_reading(make_document("a.png", "Patient: Nora Linden"))
    page = render_html(summarise(paper), paper, embed_images=False)
    assert page.count("Unknown, not none.") == 3
    assert "No known allergies" not in page


def test_page_and_ips_name_the_whole_source_of_each_alert():
    text = "Patient: Nora Linden\nCurrent medications\n1. Citalopram 60 mg oral once daily\n"
    paper = make_reading(make_document("a.png", text))
    told = "US label of citalopram tablets, as on PrescriberPoint, August 2023"
    page = render_html(summarise(paper), paper, embed_images=False)
    assert told in page[page.index('id="alert-sources"') :]
    assert told in json.dumps(ips_bundle(summarise(paper), paper, generated_at=AT))


def test_page_never_shows_a_relatives_illness_among_the_patients(page):
    problems = page[page.index('id="problems"') : page.index('id="labs"')]
    assert "troke" not in problems
    assert "Family history (relatives, not the patient)" in page


def test_page_shows_contradictions_and_what_to_check(page):
    assert "The paper contradicts itself" in page
    assert "Compare with the paper: apixaban" in page


# Files

FILES = ["history.json", "facts.json", "history.html", "history.pdf", "card.html"]


def test_write_history_writes_private_files(tmp_path, history, reading):
    out = tmp_path / "deep" / "out"
    paths = write_history(history, reading, out, generated_at=AT)
    assert [p.name for p in paths] == FILES
    assert sorted(p.name for p in out.iterdir()) == sorted(FILES)
    assert out.stat().st_mode & 0o777 == 0o700
    assert all(p.stat().st_mode & 0o077 == 0 for p in paths)
    assert json.loads(paths[0].read_text())["resourceType"] == "Bundle"


def test_write_history_replaces_what_was_there(tmp_path, history, reading):
    (tmp_path / "facts.json").write_text("old")
    write_history(history, reading, tmp_path, generated_at=AT)
    assert json.loads((tmp_path / "facts.json").read_text())["schema"] == "anamnesis/facts/1"


def test_write_history_raises_when_the_folder_is_a_file(tmp_path, history, reading):
    taken = tmp_path / "taken"
    taken.write_text("")
    with pytest.raises(InputError):
        write_history(history, reading, taken, generated_at=AT)


def test_history_with_every_fact_removed_still_renders(history, reading):
    bare = replace(history, patient=(), labs=(), allergies=(), conflicts=())
    assert "Name not found on the paper" in render_html(bare, reading, embed_images=False)
