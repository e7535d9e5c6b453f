"""Pictures of made-up products: a plain shape in the product's colour, on a soft ground with a shadow below it."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping

from PIL import Image, ImageDraw, ImageFilter

from demo.data.assortment import COLOURS

#: Pixels of a picture's side; drawn at twice that, so that edges are smooth.
SIDE = 640
_DRAWN = 2 * SIDE

#: Draws a shape with its colour, a darker and a lighter one; coordinates are per mille of the side.
Shape = Callable[["_Pen"], None]


class _Pen:
    """Draws in per mille of the side, in shades of one colour."""

    def __init__(self, image: Image.Image, colour: str) -> None:
        self._draw = ImageDraw.Draw(image)
        red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
        self.base = (red, green, blue, 255)
        self.dark = (round(red * 0.72), round(green * 0.72), round(blue * 0.72), 255)
        self.light = (*(round(part + (255 - part) * 0.35) for part in (red, green, blue)), 255)

    def box(self, x: int, y: int, to_x: int, to_y: int, *, round_by: int = 0, shade: str = "base") -> None:
        """A rectangle with round corners."""
        self._draw.rounded_rectangle(self._scaled(x, y, to_x, to_y), self._long(round_by), fill=getattr(self, shade))

    def oval(self, x: int, y: int, to_x: int, to_y: int, *, shade: str = "base") -> None:
        """An ellipse in this box."""
        self._draw.ellipse(self._scaled(x, y, to_x, to_y), fill=getattr(self, shade))

    def area(self, *points: tuple[int, int], shade: str = "base") -> None:
        """A polygon."""
        self._draw.polygon([(self._long(x), self._long(y)) for x, y in points], fill=getattr(self, shade))

    def bow(
        self, x: int, y: int, to_x: int, to_y: int, begin: int, end: int, *, width: int, shade: str = "base"
    ) -> None:
        """A part of an ellipse's outline, in degrees clockwise from three o'clock."""
        self._draw.arc(self._scaled(x, y, to_x, to_y), begin, end, fill=getattr(self, shade), width=self._long(width))

    def stroke(self, *points: tuple[int, int], width: int, shade: str = "base") -> None:
        """A line."""
        self._draw.line(
            [(self._long(x), self._long(y)) for x, y in points],
            fill=getattr(self, shade),
            width=self._long(width),
            joint="curve",
        )

    def _scaled(self, *values: int) -> tuple[int, ...]:
        return tuple(self._long(value) for value in values)

    def _long(self, value: int) -> int:
        return value * _DRAWN // 1000


def picture(shape: str, colour: str) -> bytes:
    """A PNG of a shape in one of the assortment's colours. Raises ``KeyError`` for other names."""
    thing = Image.new("RGBA", (_DRAWN, _DRAWN), (0, 0, 0, 0))
    SHAPES[shape](_Pen(thing, COLOURS[colour]))
    ground = Image.new("RGB", (_DRAWN, _DRAWN), "#eceae5" if colour != "White" else "#d9d6cf")
    ImageDraw.Draw(ground).rectangle(
        (0, _DRAWN * 74 // 100, _DRAWN, _DRAWN), fill="#dedbd4" if colour != "White" else "#c9c5bc"
    )
    shadow = Image.new("L", (_DRAWN, _DRAWN), 0)
    left, _, right, bottom = thing.getbbox() or (0, 0, _DRAWN, _DRAWN)
    thick = _DRAWN // 45
    ImageDraw.Draw(shadow).ellipse((left, bottom - thick, right, bottom + thick), fill=120)
    ground.paste("#8b867b", mask=shadow.filter(ImageFilter.GaussianBlur(_DRAWN // 60)))
    ground.paste(thing, mask=thing)
    content = io.BytesIO()
    ground.resize((SIDE, SIDE), Image.Resampling.LANCZOS).save(content, "PNG")
    return content.getvalue()


def _cable(pen: _Pen) -> None:
    pen.bow(250, 240, 750, 740, 200, 520, width=34)
    pen.bow(320, 310, 680, 670, 120, 430, width=34, shade="dark")
    pen.box(690, 640, 760, 790, round_by=16, shade="dark")
    pen.box(706, 780, 744, 830, shade="light")
    pen.box(236, 400, 306, 550, round_by=16, shade="dark")


def _charger(pen: _Pen) -> None:
    pen.box(330, 300, 670, 780, round_by=60)
    pen.box(330, 300, 470, 780, round_by=60, shade="light")
    pen.box(420, 640, 580, 670, round_by=14, shade="dark")
    pen.box(420, 580, 580, 610, round_by=14, shade="dark")
    pen.box(410, 200, 440, 300, shade="dark")
    pen.box(560, 200, 590, 300, shade="dark")


def _slab(pen: _Pen) -> None:
    pen.area((250, 560), (640, 420), (800, 620), (400, 790), shade="base")
    pen.area((250, 560), (250, 600), (400, 835), (400, 790), shade="dark")
    pen.area((400, 790), (400, 835), (800, 665), (800, 620), shade="dark")
    pen.oval(470, 560, 520, 590, shade="light")
    pen.oval(540, 535, 590, 565, shade="light")


def _buds(pen: _Pen) -> None:
    pen.box(300, 480, 700, 800, round_by=110)
    pen.box(300, 480, 700, 590, round_by=60, shade="light")
    for left in (330, 560):
        pen.oval(left, 240, left + 120, 360, shade="dark")
        pen.box(left + 40, 320, left + 80, 480, round_by=20, shade="base")


def _headphones(pen: _Pen) -> None:
    pen.bow(260, 200, 740, 760, 180, 360, width=46, shade="dark")
    pen.box(220, 470, 350, 780, round_by=60)
    pen.box(650, 470, 780, 780, round_by=60)
    pen.box(330, 500, 380, 750, round_by=24, shade="light")
    pen.box(620, 500, 670, 750, round_by=24, shade="light")


def _speaker(pen: _Pen) -> None:
    pen.box(320, 230, 680, 810, round_by=90)
    pen.oval(380, 480, 620, 720, shade="dark")
    pen.oval(440, 540, 560, 660, shade="light")
    pen.oval(440, 300, 560, 420, shade="dark")


def _keyboard(pen: _Pen) -> None:
    pen.box(140, 440, 860, 760, round_by=40, shade="dark")
    for row in range(4):
        for place in range(11):
            left = 172 + place * 60
            pen.box(
                left, 470 + row * 66, left + 50, 524 + row * 66, round_by=10, shade="light" if place % 10 else "base"
            )


def _mouse(pen: _Pen) -> None:
    pen.oval(340, 260, 660, 800)
    pen.area((340, 500), (660, 500), (660, 512), (340, 512), shade="dark")
    pen.box(484, 330, 516, 440, round_by=16, shade="dark")


def _stand(pen: _Pen) -> None:
    pen.area((240, 380), (700, 300), (760, 350), (300, 440), shade="light")
    pen.stroke((330, 430), (560, 770), width=40)
    pen.stroke((640, 380), (420, 770), width=40, shade="dark")
    pen.box(300, 760, 720, 800, round_by=18)


def _phone(pen: _Pen) -> None:
    pen.box(340, 180, 660, 830, round_by=70)
    pen.box(366, 206, 634, 804, round_by=52, shade="light")
    pen.box(390, 232, 520, 366, round_by=36, shade="dark")
    for x, y in ((412, 252), (464, 300)):
        pen.oval(x, y, x + 40, y + 40, shade="light")


def _camera(pen: _Pen) -> None:
    pen.box(280, 320, 720, 560, round_by=120)
    pen.oval(400, 340, 600, 540, shade="dark")
    pen.oval(455, 395, 545, 485, shade="light")
    pen.box(450, 560, 550, 700, round_by=20, shade="dark")
    pen.box(360, 700, 640, 780, round_by=30)


def _lamp(pen: _Pen) -> None:
    pen.area((380, 220), (620, 220), (740, 520), (260, 520))
    pen.area((380, 220), (470, 220), (420, 520), (260, 520), shade="light")
    pen.box(482, 520, 518, 770, shade="dark")
    pen.oval(370, 740, 630, 810, shade="dark")


def _pendant(pen: _Pen) -> None:
    pen.box(494, 0, 506, 330, shade="dark")
    pen.bow(220, 320, 780, 900, 180, 360, width=290)
    pen.box(460, 290, 540, 350, round_by=16, shade="dark")
    pen.oval(430, 560, 570, 660, shade="light")


def _pillow(pen: _Pen) -> None:
    pen.area((220, 280), (500, 320), (780, 280), (745, 530), (780, 800), (500, 765), (220, 800), (255, 530))
    pen.stroke((500, 330), (500, 760), width=6, shade="light")
    pen.stroke((265, 540), (735, 540), width=6, shade="light")


def _rug(pen: _Pen) -> None:
    pen.area((300, 400), (700, 400), (880, 800), (120, 800))
    pen.area((330, 440), (670, 440), (790, 750), (210, 750), shade="light")
    pen.area((370, 490), (630, 490), (700, 690), (300, 690), shade="dark")


def _vase(pen: _Pen) -> None:
    pen.box(450, 240, 550, 420, round_by=20)
    pen.oval(330, 380, 670, 810)
    pen.oval(380, 440, 480, 720, shade="light")
    pen.box(430, 220, 570, 260, round_by=18, shade="dark")


def _candle(pen: _Pen) -> None:
    pen.box(360, 380, 640, 800, round_by=36)
    pen.oval(360, 350, 640, 430, shade="light")
    pen.box(494, 300, 506, 390, shade="dark")
    pen.box(400, 540, 600, 680, round_by=10, shade="light")


def _textile(pen: _Pen) -> None:
    for place, shade in enumerate(("dark", "base", "light")):
        top = 640 - place * 140
        pen.box(240, top, 760, top + 150, round_by=60, shade=shade)
        pen.box(240, top + 60, 700, top + 74, shade="dark" if shade != "dark" else "base")


def _pan(pen: _Pen) -> None:
    pen.box(640, 560, 930, 600, round_by=20, shade="dark")
    pen.oval(150, 420, 700, 800, shade="dark")
    pen.oval(180, 420, 670, 740)
    pen.oval(230, 460, 620, 690, shade="light")


def _knife(pen: _Pen) -> None:
    pen.area((120, 520), (620, 470), (620, 590), (300, 590), shade="light")
    pen.box(610, 476, 890, 560, round_by=36, shade="dark")
    for place in (680, 750, 820):
        pen.oval(place, 508, place + 20, 528, shade="light")


def _mug(pen: _Pen) -> None:
    pen.bow(560, 400, 800, 690, 250, 470, width=46, shade="dark")
    pen.box(290, 330, 660, 800, round_by=60)
    pen.oval(290, 300, 660, 390, shade="light")
    pen.oval(330, 318, 620, 374, shade="dark")


def _bottle(pen: _Pen) -> None:
    pen.box(380, 360, 620, 820, round_by=60)
    pen.area((380, 420), (440, 290), (560, 290), (620, 420))
    pen.box(430, 190, 570, 300, round_by=24, shade="dark")
    pen.box(410, 440, 450, 780, round_by=20, shade="light")


def _basket(pen: _Pen) -> None:
    pen.bow(350, 240, 650, 640, 180, 360, width=30, shade="dark")
    pen.area((240, 440), (760, 440), (700, 800), (300, 800))
    for row in range(5):
        pen.stroke((250 + row * 10, 490 + row * 64), (750 - row * 10, 490 + row * 64), width=16, shade="light")
    pen.box(225, 420, 775, 470, round_by=20, shade="dark")


def _planter(pen: _Pen) -> None:
    for x, y in ((330, 180), (470, 120), (600, 190)):
        pen.oval(x, y, x + 110, y + 330, shade="dark")
    pen.area((280, 450), (720, 450), (660, 810), (340, 810))
    pen.box(260, 430, 740, 510, round_by=18, shade="light")


def _shirt(pen: _Pen) -> None:
    pen.area(
        (380, 230),
        (620, 230),
        (840, 350),
        (770, 490),
        (690, 450),
        (690, 810),
        (310, 810),
        (310, 450),
        (230, 490),
        (160, 350),
    )
    pen.bow(410, 150, 590, 310, 0, 180, width=26, shade="dark")


def _sweater(pen: _Pen) -> None:
    _shirt(pen)
    pen.area((160, 350), (240, 350), (300, 760), (220, 770))
    pen.area((840, 350), (760, 350), (700, 760), (780, 770))
    pen.box(310, 770, 690, 815, shade="dark")


def _jacket(pen: _Pen) -> None:
    _sweater(pen)
    pen.box(492, 240, 508, 810, shade="dark")
    pen.area((400, 230), (600, 230), (560, 330), (440, 330), shade="light")
    pen.box(340, 600, 450, 614, shade="dark")
    pen.box(550, 600, 660, 614, shade="dark")


def _trousers(pen: _Pen) -> None:
    pen.area((350, 180), (650, 180), (690, 820), (540, 820), (500, 400), (460, 820), (310, 820))
    pen.box(350, 180, 650, 230, shade="dark")


def _dress(pen: _Pen) -> None:
    pen.area((410, 200), (590, 200), (620, 430), (770, 820), (230, 820), (380, 430))
    pen.bow(430, 130, 570, 270, 0, 180, width=22, shade="light")
    pen.box(378, 420, 622, 446, shade="dark")


def _socks(pen: _Pen) -> None:
    for left, shade in ((420, "dark"), (300, "base")):
        pen.box(left, 220, left + 150, 620, round_by=20, shade=shade)
        pen.box(left, 560, left + 300, 760, round_by=90, shade=shade)
        pen.box(left, 220, left + 150, 280, shade="light")


def _belt(pen: _Pen) -> None:
    pen.bow(200, 380, 800, 780, 0, 360, width=70)
    pen.box(430, 690, 590, 830, round_by=20, shade="dark")
    pen.box(465, 722, 555, 800, round_by=10, shade="light")


def _scarf(pen: _Pen) -> None:
    pen.bow(300, 200, 700, 520, 0, 360, width=120)
    pen.area((340, 420), (470, 440), (440, 800), (310, 790), shade="dark")
    pen.area((500, 440), (630, 420), (660, 760), (530, 770), shade="base")


def _hat(pen: _Pen) -> None:
    pen.bow(270, 260, 730, 900, 180, 360, width=320)
    pen.box(250, 570, 750, 700, round_by=40, shade="dark")


def _shoe(pen: _Pen) -> None:
    pen.area((200, 420), (400, 440), (560, 560), (800, 620), (830, 740), (190, 740))
    pen.box(180, 720, 840, 800, round_by=40, shade="light")
    for place in range(3):
        pen.stroke((420 + place * 50, 520 + place * 26), (500 + place * 50, 470 + place * 40), width=14, shade="light")


def _bag(pen: _Pen) -> None:
    pen.bow(380, 180, 620, 480, 180, 360, width=34, shade="dark")
    pen.box(270, 330, 730, 820, round_by=80)
    pen.box(330, 560, 670, 770, round_by=40, shade="light")
    pen.box(270, 420, 730, 440, shade="dark")


def _wallet(pen: _Pen) -> None:
    pen.box(240, 420, 760, 790, round_by=40)
    pen.box(240, 420, 760, 560, round_by=40, shade="dark")
    pen.box(620, 560, 790, 660, round_by=40, shade="light")


SHAPES: Mapping[str, Shape] = {
    name.removeprefix("_"): draw
    for name, draw in list(globals().items())
    if callable(draw) and getattr(draw, "__annotations__", {}).get("pen") == "_Pen"
}
