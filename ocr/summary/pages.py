"""Pages counted over a whole reading, for naming their images."""

from dataclasses import dataclass

from core.history import History
from core.words import Page, Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedPage:
    """A page with its number over the whole reading, from 1."""

    number: int
    page: Page
    image: bytes
    """JPEG."""


def numbered_pages(history: History, reading: Reading) -> dict[tuple[str, int], NumberedPage]:
    """The history's pages by document and page number.

    Paper that was left out as another patient's counts but is not there.
    """
    included = {source.document for source in history.documents if source.included}
    found: dict[tuple[str, int], NumberedPage] = {}
    number = 0
    for document in reading.documents:
        for page, image in zip(document.pages, document.images, strict=True):
            number += 1
            if document.name in included:
                key = (document.name, page.number)
                found[key] = NumberedPage(number=number, page=page, image=image)
    return found
