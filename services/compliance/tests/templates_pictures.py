"""Draws the pictures of docs/templates.md anew: three sheets of the example firm, as they are printed."""

import asyncio
from pathlib import Path

import pypdfium2
from templates_lab import FIRM, form_of, sample, template

from plumbline.compliance.adapters.rendering import Press

FOLDER = Path(__file__).parents[3] / "docs" / "pictures"
PICTURES = {
    "daily-report": ("daily_report", 0),
    "unconditional-waiver": ("waiver", 1),
    "ohio-waiver": ("waiver", 6),
    "dispatch-sheet": ("dispatch_sheet", 0),
}
WIDTH_PIXELS = 1000


async def draw() -> None:
    async with Press() as press:
        for name, (kind, number) in PICTURES.items():
            found = template(kind, firm=FIRM)
            sheet = found.tried_with(sample(kind, number))
            printed = await press.print(found, sheet, form_of(sheet))
            with pypdfium2.PdfDocument(printed.content) as document:
                picture = document[0].render(scale=WIDTH_PIXELS / document[0].get_width()).to_pil()
            picture.quantize(64).save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    asyncio.run(draw())
