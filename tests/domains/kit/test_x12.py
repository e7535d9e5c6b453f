"""X12 as a form of writing: what we write is read by a parser that is not ours; any bytes end in values or words."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyx12.x12file import X12Reader

from app.kit import x12
from app.kit.x12 import NotX12, Partner, on_paper
from tests.samples import all_samples

PARTNER = Partner(sender_qualifier="ZZ", sender="CROSSDOCK", receiver_qualifier="01", receiver="123456789")
AT = datetime(2026, 11, 29, 22, 53, tzinfo=UTC)
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_BODIES = st.lists(
    st.tuples(st.sampled_from(["N1", "N3", "REF", "MSG", "PO1"]), st.lists(_TEXTS, min_size=1, max_size=6)),
    min_size=1,
    max_size=6,
)


def foreign(content: bytes) -> tuple[list[list[str]], list[str]]:
    """Segments and errors as pyx12 finds them."""
    reader = X12Reader(io.StringIO(content.decode()))
    rows: list[list[str]] = []
    errors: list[str] = []
    for segment in reader:
        rows.append([segment.get_seg_id(), *(value or "" for _name, _comp, _sub, value in segment.values_iterator())])
        errors += [str(one) for one in reader.pop_errors()]
    reader.cleanup()
    return rows, errors + [str(one) for one in reader.pop_errors()]


@settings(max_examples=60, deadline=None)
@given(st.lists(_BODIES, min_size=1, max_size=3), st.integers(1, 999_999_999))
def test_what_is_written_is_read_by_another_parser_and_by_ours(
    bodies: list[list[tuple[str, list[str]]]], control: int
) -> None:
    written = [[[name, *(on_paper(text, 60) for text in texts)] for name, texts in body] for body in bodies]
    content = x12.interchange(PARTNER, "PO", [("850", body) for body in written], control=control, at=AT)
    rows, errors = foreign(content)
    assert errors == []
    written = [[segment for segment in body if any(segment[1:])] for body in written]
    assert [row[0] for row in rows] == [
        "ISA", "GS", *(name for body in written for name in ("ST", *(one[0] for one in body), "SE")), "GE", "IEA",
    ]  # fmt: skip
    (interchange,) = x12.read(content)
    assert (interchange.sender, interchange.receiver, int(interchange.control)) == ("CROSSDOCK", "123456789", control)
    (group,) = interchange.groups
    assert not interchange.problems and not group.problems
    assert [one.problems for one in group.sets] == [[] for _body in bodies]

    def trimmed(segment: list[str]) -> list[str]:
        while len(segment) > 1 and not segment[-1]:
            segment = segment[:-1]
        return segment

    assert [one.segments[1:] for one in group.sets] == [[trimmed(one) for one in body] for body in written]


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.lists(st.sampled_from([b"ISA*00*", b"GS*PR*", b"ST*855*1", b"~", b"SE*1*1", b"GE*1*1", b"IEA", b"*", b"\n"]))
        .map(b"".join)
        .map(lambda tail: b"ISA*00**00**ZZ*A*ZZ*B*261129*2253*U*00401*1*0*P*>~" + tail),
    )
)
def test_any_bytes_end_in_values_or_in_words(content: bytes) -> None:
    try:
        assert x12.read(content)
    except NotX12 as error:
        assert str(error)


@pytest.mark.parametrize("sample", all_samples("x12", "*-8*.txt"))
def test_real_files_are_read_whatever_their_separators(sample: object) -> None:
    (interchange,) = x12.read(sample.read_bytes())  # type: ignore[attr-defined]
    (group,) = interchange.groups
    (found,) = group.sets
    assert group.problems == []
    assert f"-{found.kind}-" in str(sample)


def test_lines_without_their_terminator_are_lines_all_the_same() -> None:
    head = (
        "ISA*00*          *00*          *12*SENDER         *01*RECEIVER       *080310*1500*U*00401*000000568*0*P*>~\n"
    )
    body = "GS*PC*S*R*20080310*1500*568*X*004010~\nST*860*1~\nBCH*04*SA*77~\nN1*BY*SHOP\n  N3*A ROAD~\n"
    body += "SE*5*1~\nGE*1*568~\n"
    (interchange,) = x12.read((head + body + "IEA*1*000000568~").encode())
    (found,) = interchange.groups[0].sets
    assert [one[0] for one in found.segments] == ["ST", "BCH", "N1", "N3"]
    assert found.problems == [] and interchange.problems == []


@pytest.mark.parametrize(
    ("tail", "set_codes", "group_codes"),
    [
        ("SE*3*1~GE*1*9~IEA*1*000000009~", [], []),
        ("SE*7*1~GE*1*9~IEA*1*000000009~", ["4"], []),
        ("SE*3*2~GE*1*9~IEA*1*000000009~", ["3"], []),
        ("SE*3*1~GE*2*9~IEA*1*000000009~", [], ["5"]),
        ("SE*3*1~GE*1*8~IEA*1*000000009~", [], ["4"]),
        ("GE*1*9~IEA*1*000000009~", ["2"], []),
        ("", ["2"], ["3"]),
    ],
)
def test_what_was_cut_off_or_does_not_add_up_is_seen(tail: str, set_codes: list[str], group_codes: list[str]) -> None:
    head = "ISA*00*          *00*          *ZZ*A              *ZZ*B              *261129*2253*U*00401*000000009*0*P*>~"
    content = head + "GS*PR*A*B*20261129*2253*9*X*004010~ST*855*1~BAK*00*AD*1001-1*20261129~" + tail
    (interchange,) = x12.read(content.encode())
    (group,) = interchange.groups
    assert [problem.code for problem in group.sets[0].problems] == set_codes
    assert group.problems == group_codes
    assert bool(interchange.problems) == (tail == "")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Łódź, Straße 5", "Lodz, Strasse 5"),
        ("a*b~c>d\ne", "a b c d e"),
        ("Νίκος 東京 서울", "Νίκος 東京 서울"),
        ("Майский ёж がぎ हिन्दी", "Майский ёж がぎ हिन्दी"),
        ("か\u3099 e\u0301", "が e"),
        ("  two   spaces ", "two spaces"),
    ],
)
def test_texts_keep_their_letters_and_lose_what_separates(text: str, written: str) -> None:
    assert on_paper(text, 60) == written
    assert on_paper(text, 3) == written[:3].rstrip()


@pytest.mark.parametrize("before", [0, 1])
def test_a_letter_that_stands_across_two_chunks_is_read_whole(before: int) -> None:
    written = x12.interchange(
        PARTNER, "PO", [("850", [["MSG", "x" * before], *[["MSG", "ü" * 99]] * 800])], control=1, at=AT
    )
    ((group,),) = (one.groups for one in x12.read(written))
    assert {segment[1] for segment in group.sets[0].segments[-800:]} == {"ü" * 99}


def test_counts_that_no_number_holds_are_wrong_counts() -> None:
    written = x12.interchange(PARTNER, "PO", [("850", [["MSG", "x"]])], control=1, at=AT).decode()
    endless = "9" * 5000
    written = written.replace("SE*3*", f"SE*{endless}*").replace("GE*1*", f"GE*{endless}*")
    ((group,),) = (one.groups for one in x12.read(written.encode()))
    assert (group.told, group.problems) == (None, ["5"])
    assert [problem.code for problem in group.sets[0].problems] == ["4"]


@pytest.mark.parametrize("control", [0, 1_000_000_000])
def test_a_control_number_has_one_to_nine_digits(control: int) -> None:
    with pytest.raises(ValueError, match="digits"):
        x12.interchange(PARTNER, "PO", [], control=control, at=AT)
