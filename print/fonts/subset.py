#!/usr/bin/env python3
"""Makes the two font files of this folder from the Noto Sans CJK collections; see README.md.

    python3 -m pip install fonttools==4.68.0
    python3 subset.py /usr/share/fonts/opentype/noto .
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection

# What a name, a dish or a note in Chinese is written with. Ideographs: all the font has, of which GB 18030-2022 level 2 needs the
# two blocks of the BMP up to U+9FEF and the characters of the 通用规范汉字表 outside the BMP.
TEXT = [
    (0x0020, 0x007E),  # ASCII
    (0x00A0, 0x00AC),  # Latin-1 without the soft hyphen, which is no character but a place to break
    (0x00AE, 0x01D4),  # and the letters of pinyin
    (0x01D6, 0x01D6),  # of which the capitals with two marks are too high for a line
    (0x01D8, 0x01D8),
    (0x01DA, 0x01DA),
    (0x01DC, 0x024F),
    (0x0370, 0x04FF),  # Greek, Cyrillic: part of GB 18030
    (0x1E3F, 0x1E3F),
    (0x2010, 0x2027),  # dashes, quotation marks, bullets, dots
    (0x2030, 0x205E),
    (0x20A0, 0x20BF),  # currencies
    (0x2100, 0x218F),  # letters and fractions in one character
    (0x2190, 0x22FF),  # arrows, mathematics
    (0x2460, 0x24FF),  # numbers and letters in circles
    (0x2500, 0x267F),  # boxes, blocks, shapes
    (0x2E80, 0x2FDF),  # radicals
    (0x3000, 0x3029),  # CJK punctuation
    (0x3030, 0x3030),
    (0x3036, 0x3096),  # kana, without the marks that stand on another character
    (0x309B, 0x312F),  # and bopomofo
    (0x31A0, 0x31EF),
    (0x3220, 0x4DBF),  # units in one character; Extension A
    (0x4E00, 0x9FFF),  # CJK unified ideographs
    (0xF900, 0xFAFF),  # compatibility ideographs
    (0xFE30, 0xFE4F),
    (0xFF01, 0xFFEF),  # full-width and half-width forms
    (0x20000, 0x3FFFF),  # ideographs outside the BMP
]
NUMBER = [(0x0030, 0x0039)]  # the order number


def make(folder: Path, weight: str, ranges: list[tuple[int, int]], to: Path) -> None:
    """The simplified-Chinese face of one weight with these characters, without hints, layout or vertical metrics."""
    collection = TTCollection(folder / f"NotoSansCJK-{weight}.ttc")
    names = ("Noto Sans CJK SC", f"Noto Sans CJK SC {weight}")
    font = next(f for f in collection.fonts if f["name"].getDebugName(4) in names)
    characters = [c for c in font.getBestCmap() if any(first <= c <= last for first, last in ranges)]
    options = subset.Options()
    options.layout_features = []
    # Printers set text at 200 dpi and more: hints would be a sixth of the file.
    options.hinting = False
    options.notdef_outline = True
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.drop_tables += ["BASE", "VORG", "vhea", "vmtx", "GPOS", "GSUB", "GDEF"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters)
    font.recalcTimestamp = False
    subsetter.subset(font)
    font.save(to)
    print(to.name, len(characters), "characters,", to.stat().st_size, "bytes")


if __name__ == "__main__":
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    make(source, "Regular", TEXT, target / "NuanfanText-Regular.otf")
    make(source, "Bold", NUMBER, target / "NuanfanNumber-Bold.otf")
