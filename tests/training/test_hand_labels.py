"""A researcher's spreadsheet taken in: what fits the codebook is kept, every fault named, nothing lost."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.codebook import STRENGTHS, Codebook
from classifier.errors import LabelledDataError
from classifier.spreadsheet import Sheet, column_letter, read_sheet
from tests.test_commands import prevention
from training.hand_labels import ColumnMapping, import_labels, import_sheet, load_hand_labels

HEAD = "Authority,Year,File,Strength,Primary,Vision,Care Act,Triple definition,Integration kind,Coder\n"
ROWS = (
    "Brackwater,2016,a.pdf,Very strong,emphasised,yes,Y,full,integration,JS\n"
    "Ostermouth,2016/17,b.pdf,strnog,mentioned,no,maybe,part,cooperation,JS\n"
    ",2016,,weak,none,no,no,none,none,no authority here\n"
    "Pellcombe,16,c.pdf,weak,none,n/a,no,none,none,KT\n"
    "Brackwater,2016,a.pdf,weak,none,no,no,none,none,the same file again\n"
)


@pytest.fixture
def sheet_file(tmp_path: Path) -> Path:
    for name in ("a.pdf", "b.pdf"):
        (tmp_path / name).write_bytes(b"%PDF-1.7")
    path = tmp_path / "labels 2016.csv"
    path.write_text(HEAD + ROWS, encoding="utf-8-sig")
    return path


def test_what_is_good_is_kept_and_each_fault_has_its_place(
    sheet_file: Path, codebook: Codebook, tmp_path: Path
) -> None:
    found = import_labels(sheet_file, codebook, tmp_path / "out")
    rows = load_hand_labels(tmp_path / "out/labels.jsonl")
    assert rows == found.rows
    assert [(r.authority, r.year, r.strength, r.file) for r in rows] == [
        ("Brackwater", 2016, "very_strong", "a.pdf"),
        ("Ostermouth", 2016, None, "b.pdf"),
        ("Pellcombe", None, "weak", ""),
    ]
    first, second, third = rows
    assert first.tiers == {"primary": "emphasised"}
    assert first.places == {"vision": True}
    assert first.policies == {"care_act": True}
    assert first.triple_definition == "full"
    assert first.themes == {"integration_kind": "integration"}
    assert first.source == "labels 2016.csv, row 2"
    # A cell that does not fit is kept as it stood, and so is a column that is not the codebook's.
    assert second.notes == {"Strength": "strnog", "Care Act": "maybe", "Coder": "JS"}
    assert third.notes == {"Year": "16", "File": "c.pdf", "Vision": "n/a", "Coder": "KT"}
    assert [(f.row, f.column, f.value) for f in found.faults] == [
        (3, "D", "strnog"),
        (3, "G", "maybe"),
        (4, "", "2016 | weak | none | no | no | none | none | no authority here"),
        (5, "B", "16"),
        (5, "C", "c.pdf"),
        (5, "F", "n/a"),
        (6, "", "a.pdf"),
    ]
    assert "row 3, column D (Strength): 'strnog': not a level of strength; use: very_weak, weak" in str(found.faults[0])
    assert (tmp_path / "out/labels 2016.csv").read_bytes() == sheet_file.read_bytes()
    assert (tmp_path / "out/faults.csv").read_text(encoding="utf-8").count("\n") == len(found.faults) + 1


def test_excel_with_other_names_and_words(tmp_path: Path, codebook: Codebook) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(["Prevention in strategies, 2017"])
    page.append([])
    page.append(["Council", "Overall focus on prevention", "BCF mentioned?", "Tertiary prevention", "Year", "Ref"])
    page.append(["Hexmoor", "V. strong", True, "Lots", 2017.0, 12])
    page.append(["Ravensfell", "Neither weak nor strong", False, "Some", 2017, 13])
    book.save(tmp_path / "labels.xlsx")
    (tmp_path / "mapping.toml").write_text(
        '[columns]\nauthority = "Council"\nstrength = "Overall focus on prevention"\n'
        'better_care_fund = "BCF mentioned?"\ntertiary = "Tertiary prevention"\n'
        '[values.strength]\n"V. strong" = "very_strong"\n"Neither weak nor strong" = "neither"\n'
        '[values.tertiary]\nLots = "emphasised"\nSome = "mentioned"\n',
        encoding="utf-8",
    )
    found = import_labels(tmp_path / "labels.xlsx", codebook, tmp_path / "out", mapping=tmp_path / "mapping.toml")
    assert not found.faults
    assert found.notes == ["Ref"]
    assert [(r.authority, r.year, r.strength, r.policies, r.tiers, r.notes) for r in found.rows] == [
        ("Hexmoor", 2017, "very_strong", {"better_care_fund": True}, {"tertiary": "emphasised"}, {"Ref": "12"}),
        ("Ravensfell", 2017, "neither", {"better_care_fund": False}, {"tertiary": "mentioned"}, {"Ref": "13"}),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no row names columns"),
        ("council,focus\nA,B\n", "no column names the authority; its columns are: council, focus"),
        ("authority,focus\nA,B\n", "no column is a criterion of the codebook"),
        ("authority,strength,Strength\nA,weak,weak\n", "two columns hold 'strength'"),
    ],
)
def test_a_sheet_that_cannot_be_told_is_refused(content: str, message: str, tmp_path: Path, codebook: Codebook) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(LabelledDataError, match=message):
        import_labels(path, codebook, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ("[columns]\nstrenght = 'x'\n", "unknown keys strenght"),
        ("[columns]\nstrength = 'Not there'\n", "names columns that the file has not: strength = 'Not there'"),
        ("strength = 'x'\n", "not a mapping"),
        ("[columns\n", "not a mapping"),
    ],
)
def test_a_mapping_is_checked(mapping: str, message: str, sheet_file: Path, tmp_path: Path, codebook: Codebook) -> None:
    (tmp_path / "mapping.toml").write_text(mapping, encoding="utf-8")
    with pytest.raises(LabelledDataError, match=message):
        import_labels(sheet_file, codebook, tmp_path / "out", mapping=tmp_path / "mapping.toml")


def test_files_that_are_no_spreadsheet_are_refused(tmp_path: Path) -> None:
    for name, content, message in [
        ("labels.xlsx", b"PK\x03\x04 not a book", "not an Excel file"),
        ("labels.pdf", b"%PDF", r"neither \.csv nor \.xlsx"),
    ]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(LabelledDataError, match=message):
            read_sheet(tmp_path / name)
    with pytest.raises(LabelledDataError, match="no such file"):
        read_sheet(tmp_path / "nothing.csv")


def test_old_excel_csv_with_semicolons_and_a_pound_sign(tmp_path: Path, codebook: Codebook) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes("authority;strength;cost\nÉlmsford;very weak;£3m\n".encode("cp1252"))
    found = import_labels(path, codebook, tmp_path / "out")
    assert [(r.authority, r.strength, r.notes) for r in found.rows] == [("Élmsford", "very_weak", {"cost": "£3m"})]


def test_an_import_never_writes_over_another(sheet_file: Path, codebook: Codebook, tmp_path: Path) -> None:
    import_labels(sheet_file, codebook, tmp_path / "out")
    with pytest.raises(LabelledDataError, match="already there"):
        import_labels(sheet_file, codebook, tmp_path / "out")


@settings(max_examples=60, deadline=None)
@given(
    cells=st.lists(
        st.tuples(st.text(max_size=12), st.sampled_from([*STRENGTHS, "", "strong ", "5", "Very Weak"])), max_size=8
    )
)
def test_no_cell_is_ever_lost(cells: list[tuple[str, str]], codebook: Codebook) -> None:
    """Whatever stands in a sheet is afterwards a label, a note or a fault."""
    rows = tuple((i + 2, (authority.strip(), strength.strip())) for i, (authority, strength) in enumerate(cells))
    found = import_sheet(Sheet(("authority", "strength"), rows), codebook, ColumnMapping(), Path(), "sheet")
    taken = {int(row.source.rsplit(" ", 1)[1]): row for row in found.rows}
    for number, (authority, strength) in rows:
        if number not in taken:
            assert any(f.row == number and strength in f.value for f in found.faults)
            continue
        row = taken[number]
        assert row.authority == authority
        if strength:
            given_as = strength.lower().replace(" ", "_")
            assert row.strength == given_as or row.notes["strength"] == strength


def test_letters_over_columns() -> None:
    assert [column_letter(i) for i in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]


def test_the_command_says_what_it_did(sheet_file: Path, tmp_path: Path) -> None:
    done = prevention("labels", "import", sheet_file, "--output", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "3 rows taken in: 2 with a strength label, 2 with their document" in done.stdout
    assert "7 faults" in done.stdout
