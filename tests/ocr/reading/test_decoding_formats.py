"""WebP, HEIC and DICOM to raw pages, and what is refused of them."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    CTImageStorage,
    EncapsulatedPDFStorage,
    ExplicitVRLittleEndian,
    JPEGBaseline8Bit,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    SecondaryCaptureImageStorage,
    generate_uid,
)

from core.errors import PaperError, PaperLimitError, UnreadablePaperError
from ocr.reading import DecodeLimits
from ocr.reading.decoding.parent import ROOT, DecoderCrashError, decode_batch
from ocr.reading.decoding.protocol import DecodeResult, RawPage
from ocr.reading.kinds import FileKind

Draw = Callable[..., Image.Image]
MakePdf = Callable[..., bytes]
Decode = Callable[..., DecodeResult]
MakeDicom = Callable[..., bytes]
PAPER = ROOT / "scripts" / "_hostile" / "heic"


@pytest.fixture
def decode(tmp_path: Path) -> Decode:
    """Decodes bytes in the real child process; results lie in `tmp_path / "out"`."""

    def run(content: bytes, kind: FileKind, *, first: int = 1, **limits: int) -> DecodeResult:
        (tmp_path / "content").write_bytes(content)
        (tmp_path / "out").mkdir(exist_ok=True)
        return decode_batch(
            kind,
            tmp_path / "content",
            tmp_path / "out",
            DecodeLimits(**limits),
            first=first,
            count=8,
            text_dpi=130,
        )

    return run


@pytest.fixture
def make_dicom() -> MakeDicom:
    """Makes a DICOM file of grey frames; keywords replace attributes, None removes one."""

    def make(
        *frames: np.ndarray,
        sop: str = SecondaryCaptureImageStorage,
        syntax: str = ExplicitVRLittleEndian,
        **attributes: object,
    ) -> bytes:
        dataset = Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.file_meta.MediaStorageSOPClassUID = sop
        dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.SOPClassUID, dataset.SOPInstanceUID = sop, generate_uid()
        if frames:
            _set_pixels(dataset, frames)
        for name, value in attributes.items():
            setattr(dataset, name, value)
        out = io.BytesIO()
        dataset.save_as(out, enforce_file_format=True)
        return out.getvalue()

    return make


def _set_pixels(dataset: Dataset, frames: tuple[np.ndarray, ...]) -> None:
    first = frames[0]
    dataset.Rows, dataset.Columns = first.shape[:2]
    dataset.SamplesPerPixel = 3 if first.ndim == 3 else 1
    dataset.PhotometricInterpretation = "RGB" if first.ndim == 3 else "MONOCHROME2"
    if first.ndim == 3:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = dataset.BitsStored = 8 * first.itemsize
    dataset.HighBit, dataset.PixelRepresentation = dataset.BitsStored - 1, 0
    if len(frames) > 1:
        dataset.NumberOfFrames = len(frames)
    dataset.PixelData = b"".join(frame.tobytes() for frame in frames)


def _pixels(page: RawPage, tmp_path: Path) -> np.ndarray:
    raw = np.fromfile(tmp_path / "out" / page.file, dtype=np.uint8)
    return raw.reshape(page.height, page.width).astype(int)


def _webp(image: Image.Image, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, format="WEBP", lossless=True, **options)
    return out.getvalue()


def test_decode_batch_gives_pixels_upright_when_given_a_webp(
    decode: Decode, draw_page: Draw, tmp_path: Path
) -> None:
    image = draw_page()
    exif = Image.Exif()
    exif[0x0112] = 6  # turned: to be shown a quarter clockwise
    lying = image.transpose(Image.Transpose.ROTATE_90)
    (page,) = decode(_webp(lying, exif=exif), FileKind.WEBP).pages
    assert (page.width, page.height) == image.size
    assert np.abs(_pixels(page, tmp_path) - np.asarray(image)).mean() < 2


def test_decode_batch_gives_every_picture_when_a_webp_has_two(
    decode: Decode, draw_page: Draw
) -> None:
    content = _webp(draw_page(("one",)), save_all=True, append_images=[draw_page(("two",))])
    assert [page.number for page in decode(content, FileKind.WEBP).pages] == [1, 2]


def test_decode_batch_gives_each_page_when_given_a_heic(decode: Decode, tmp_path: Path) -> None:
    first, second = decode((PAPER / "page.heic").read_bytes(), FileKind.HEIC).pages
    assert [(page.width, page.height) for page in (first, second)] == [(420, 160), (300, 160)]
    grey = _pixels(first, tmp_path)
    assert (grey < 100).mean() > 0.03  # ink
    assert grey[:15].min() > 240  # the margin


def test_decode_batch_turns_a_heic_upright_once(decode: Decode, tmp_path: Path) -> None:
    (upright, _) = decode((PAPER / "page.heic").read_bytes(), FileKind.HEIC).pages
    expected = _pixels(upright, tmp_path)
    (page,) = decode((PAPER / "lying.heic").read_bytes(), FileKind.HEIC).pages
    assert (page.width, page.height) == (420, 160)
    assert np.abs(_pixels(page, tmp_path) - expected).mean() < 4


@pytest.mark.parametrize("kind", [FileKind.WEBP, FileKind.HEIC, FileKind.DICOM])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_decode_batch_never_invents_a_page_when_the_file_is_cut_short(
    decode: Decode, draw_page: Draw, make_dicom: MakeDicom, kind: FileKind, share: float
) -> None:
    whole = {
        FileKind.WEBP: lambda: _webp(draw_page()),
        FileKind.HEIC: (PAPER / "lying.heic").read_bytes,
        FileKind.DICOM: lambda: make_dicom(np.asarray(draw_page())),
    }[kind]()
    try:
        result = decode(whole[: max(20, int(len(whole) * share))], kind)
    except (UnreadablePaperError, DecoderCrashError):
        return
    assert not result.pages
    assert [failed.failure for failed in result.failed] == ["unreadable"]


@pytest.mark.parametrize("kind", [FileKind.WEBP, FileKind.HEIC, FileKind.DICOM])
def test_decode_batch_refuses_when_there_are_too_many_pixels(
    decode: Decode, draw_page: Draw, make_dicom: MakeDicom, kind: FileKind
) -> None:
    content = {
        FileKind.WEBP: lambda: _webp(draw_page()),
        FileKind.HEIC: (PAPER / "lying.heic").read_bytes,
        FileKind.DICOM: lambda: make_dicom(np.asarray(draw_page())),
    }[kind]()
    (failed,) = decode(content, kind, max_pixels=50_000).failed
    assert failed.failure == "limit"


def test_decode_batch_gives_pixels_and_dpi_when_given_a_secondary_capture(
    decode: Decode, draw_page: Draw, make_dicom: MakeDicom, tmp_path: Path
) -> None:
    image = np.asarray(draw_page())
    content = make_dicom(image, NominalScannedPixelSpacing=[25.4 / 150, 25.4 / 150])
    (page,) = decode(content, FileKind.DICOM).pages
    assert page.dpi == 150
    assert np.array_equal(_pixels(page, tmp_path), image)


@pytest.mark.parametrize("form", ["inverse", "twelve bits", "colour", "jpeg", "signed"])
def test_decode_batch_gives_black_on_white_whatever_the_dicom_pixels(
    decode: Decode, draw_page: Draw, make_dicom: MakeDicom, tmp_path: Path, form: str
) -> None:
    page = draw_page()
    image = np.asarray(page)
    if form == "inverse":
        content = make_dicom(255 - image, PhotometricInterpretation="MONOCHROME1")
    elif form == "twelve bits":
        content = make_dicom(image.astype(np.uint16) * 16, BitsStored=12, HighBit=11)
    elif form == "signed":
        wide = ((image.astype(int) - 128) * 256).astype(np.int16)
        content = make_dicom(wide, PixelRepresentation=1)
    elif form == "colour":
        content = make_dicom(np.asarray(page.convert("RGB")))
    else:
        out = io.BytesIO()
        page.save(out, format="JPEG", quality=95)
        content = make_dicom(
            image, syntax=JPEGBaseline8Bit, PixelData=encapsulate([out.getvalue()])
        )
    (raw,) = decode(content, FileKind.DICOM).pages
    assert np.abs(_pixels(raw, tmp_path) - image).mean() < 3


def test_decode_batch_gives_each_frame_when_a_capture_has_two(
    decode: Decode, draw_page: Draw, make_dicom: MakeDicom, tmp_path: Path
) -> None:
    frames = [np.asarray(draw_page((text,))) for text in ("one", "two")]
    sop = MultiFrameGrayscaleByteSecondaryCaptureImageStorage
    pages = decode(make_dicom(*frames, sop=sop), FileKind.DICOM).pages
    assert [page.number for page in pages] == [1, 2]
    assert np.array_equal(_pixels(pages[1], tmp_path), frames[1])


def test_decode_batch_reads_the_text_layer_when_a_dicom_holds_a_pdf(
    decode: Decode, make_dicom: MakeDicom, make_pdf: MakePdf
) -> None:
    content = make_dicom(sop=EncapsulatedPDFStorage, EncapsulatedDocument=make_pdf())
    (page,) = decode(content, FileKind.DICOM).pages
    assert "Metformin" in {word.text for word in page.words}


def test_decode_batch_refuses_when_a_dicom_shows_no_paper(
    decode: Decode, draw_page: Draw, make_dicom: MakeDicom
) -> None:
    with pytest.raises(UnreadablePaperError, match="not of paper"):
        decode(make_dicom(np.asarray(draw_page()), sop=CTImageStorage), FileKind.DICOM)


def test_decode_batch_refuses_when_a_dicom_claims_a_million_frames(
    decode: Decode, draw_page: Draw, make_dicom: MakeDicom
) -> None:
    with pytest.raises(PaperLimitError, match="1000000 pages"):
        decode(make_dicom(np.asarray(draw_page()), NumberOfFrames=1_000_000), FileKind.DICOM)


@pytest.mark.parametrize("change", [{"Rows": 40_000}, {"BitsStored": 0}, {"SamplesPerPixel": 7}])
def test_decode_batch_refuses_when_a_dicom_header_lies(
    decode: Decode, draw_page: Draw, make_dicom: MakeDicom, change: dict[str, int]
) -> None:
    try:
        result = decode(make_dicom(np.asarray(draw_page()), **change), FileKind.DICOM)
    except (PaperError, DecoderCrashError):
        return
    assert not result.pages


@pytest.mark.parametrize("kind", [FileKind.WEBP, FileKind.HEIC, FileKind.DICOM])
def test_decode_batch_refuses_when_bytes_are_noise(decode: Decode, kind: FileKind) -> None:
    with pytest.raises(UnreadablePaperError):
        decode(np.random.default_rng(5).bytes(500), kind)


def test_decode_batch_has_room_for_a_photo_of_twelve_megapixels(
    decode: Decode, make_dicom: MakeDicom
) -> None:
    photo = Image.new("RGB", (4032, 3024), "white")
    assert decode(_webp(photo), FileKind.WEBP).pages
    assert decode(make_dicom(np.asarray(photo)), FileKind.DICOM).pages


@pytest.mark.parametrize("size", [(20_000, 1), (1, 5_000), (3_000, 29)])
def test_decode_batch_refuses_when_no_page_has_this_shape(
    decode: Decode, size: tuple[int, int]
) -> None:
    out = io.BytesIO()
    Image.new("L", size, 255).save(out, format="PNG")
    (failed,) = decode(out.getvalue(), FileKind.PNG).failed
    assert failed.failure == "unreadable"
    assert "shape" in failed.what
