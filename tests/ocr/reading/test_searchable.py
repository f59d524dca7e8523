"""The searchable PDF, as another program finds words in it."""

import io
from collections.abc import Callable

import pypdfium2 as pdfium
import pytest
from PIL import Image

from core.words import Document, Line, Page, Word
from ocr.reading.searchable import searchable_pdf

MakeWord = Callable[..., Word]


def _document(*pages: tuple[Word, ...], dpi: int = 130) -> Document:
    out = io.BytesIO()
    Image.new("L", (650, 390), 255).save(out, format="JPEG")
    return Document(
        name="a.png",
        sha256="00" * 32,
        pages=tuple(
            Page(
                document="a.png",
                number=number,
                width=650,
                height=390,
                dpi=dpi,
                lines=(Line(words=words, start=0),),
            )
            for number, words in enumerate(pages, 1)
        ),
        images=(out.getvalue(),) * len(pages),
    )


def _found(content: bytes, text: str, page: int = 0) -> tuple[float, float, float, float]:
    """The box around a hit, in points from the top left."""
    paper = pdfium.PdfDocument(content)[page]
    layer = paper.get_textpage()
    start, length = layer.search(text, match_case=True).get_next()
    boxes = [layer.get_charbox(start + i, loose=True) for i in range(length)]
    lefts, bottoms, rights, tops = zip(*boxes, strict=True)
    height = paper.get_height()
    return min(lefts), height - max(tops), max(rights), height - min(bottoms)


@pytest.mark.parametrize("text", ["Metformin", "500", "mmol/L", "Müller", "7.2%"])
@pytest.mark.parametrize("place", [(40, 30), (400, 330)])
def test_searchable_pdf_holds_a_word_where_its_box_is(
    make_word: MakeWord, text: str, place: tuple[int, int]
) -> None:
    word = make_word(text, *place, width=90, height=24)
    left, top, right, bottom = _found(searchable_pdf(_document((word,))), text)
    scale = 72 / 130
    assert left == pytest.approx(place[0] * scale, abs=2)
    assert right == pytest.approx((place[0] + 90) * scale, abs=2)
    middle = (place[1] + 12) * scale
    assert top < middle < bottom
    assert bottom - top < 2 * 24 * scale


def test_searchable_pdf_keeps_pages_apart_and_to_their_size(make_word: MakeWord) -> None:
    content = searchable_pdf(_document((make_word("one", 9, 9),), (make_word("two", 9, 9),)))
    paper = pdfium.PdfDocument(content)
    assert [page.get_size() for page in paper] == [(360, 216), (360, 216)]
    assert "two" not in paper[0].get_textpage().get_text_bounded()
    assert "two" in paper[1].get_textpage().get_text_bounded()


def test_searchable_pdf_keeps_words_apart(make_word: MakeWord) -> None:
    words = (make_word("Metformin", 40, 30), make_word("500", 150, 30), make_word("mg", 200, 30))
    page = pdfium.PdfDocument(searchable_pdf(_document(words)))[0]
    assert page.get_textpage().get_text_bounded().split() == ["Metformin", "500", "mg"]


def test_searchable_pdf_shows_the_image_and_no_letters(make_word: MakeWord) -> None:
    page = pdfium.PdfDocument(searchable_pdf(_document((make_word("black", 40, 30),))))[0]
    darkest, _ = page.render(scale=1).to_pil().convert("L").getextrema()
    assert darkest > 240


def test_searchable_pdf_passes_over_words_that_have_no_width(make_word: MakeWord) -> None:
    content = searchable_pdf(_document((make_word("", 40, 30, width=5), make_word("語", 80, 30))))
    assert len(pdfium.PdfDocument(content)) == 1
