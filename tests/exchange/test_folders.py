"""Folders in folders and archives in archives are read where there is nothing else."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from conftest import owner

from healthsim_store import Store
from healthsim_store.errors import InvalidRows, SourceError, UnknownEntityType

PETS = "owner_id,species\no0,dog\n"


def _owners(*numbers: int) -> str:
    rows = [owner(n) for n in numbers]
    return "\n".join([",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows), ""])


def _zip(files: dict[str, str | bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def _lay(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


#: What lies in a folder, and the names by which the account tells its files.
FOLDERS: dict[str, tuple[dict[str, str | bytes], list[str]]] = {
    "a folder for each table": (
        {"o/owners.csv": _owners(0), "p/pets.csv": PETS}, ["o/owners.csv", "p/pets.csv"]),
    "files called by the year": (
        {"owners/2023.csv": _owners(0), "owners/2024.csv": _owners(1), "pets/x.csv": PETS},
        ["owners/2023.csv", "owners/2024.csv", "pets/x.csv"]),
    "archives": (
        {"a.zip": _zip({"owners.csv": _owners(0)}), "b.zip": _zip({"pets.csv": PETS})},
        ["a/owners.csv", "b/pets.csv"]),
    "days in names": (
        {"owners_2024-01-05.csv": _owners(0), "pets-2024.01.csv": PETS},
        ["owners_2024-01-05.csv", "pets-2024.01.csv"]),
    "a lock of Excel": (
        {"owners.csv": _owners(0), "~$pets.xlsx": b"x", "pets.csv": PETS},
        ["owners.csv", "pets.csv"]),
}  # fmt: skip


@pytest.mark.parametrize(("files", "names"), FOLDERS.values(), ids=FOLDERS)
@pytest.mark.parametrize("packed", [False, True])
def test_a_folder_of_folders(
    store: Store, tmp_path: Path, files: dict[str, str | bytes], names: list[str], packed: bool
) -> None:
    path = _lay(tmp_path / "in", files)
    if packed:
        path = tmp_path / "all.zip"
        path.write_bytes(_zip({**files, "__MACOSX/._owners.csv": b"\0\5"}))
    made = store.import_data(path, scenario="s")
    assert [account.name for account in made.sources] == names
    assert made.persisted.inserted["pets"] == 1


def test_partitions_in_a_folder_of_any_name(store: Store, tmp_path: Path) -> None:
    rows = "owner_id,tax_number,born\no0,T0,1970-01-01\n"
    path = _lay(tmp_path / "any", {"full_name=Ann/gender=F/owners.csv": rows})
    store.import_data(path, scenario="s")
    assert store.load_scenario("s")["owners"][0]["full_name"] == "Ann"


def test_archives_in_archives_have_an_end(store: Store, tmp_path: Path) -> None:
    packed = _zip({"owners.csv": _owners(0)})
    for deep in range(4):
        path = tmp_path / f"{deep}.zip"
        path.write_bytes(packed)
        if deep < 3:
            assert store.import_data(path, scenario=f"s{deep}").rows == 1
        packed = _zip({"a.zip": packed})
    with pytest.raises(SourceError, match="archives in archives in archives"):
        store.import_data(path)


def test_a_bomb_of_archives(store: Store, tmp_path: Path) -> None:
    inner = _zip({"owners.csv": "0" * 15_000_000})
    path = _lay(tmp_path, {"a.zip": _zip({f"{n}.zip": inner for n in range(30)})}) / "a.zip"
    with pytest.raises(SourceError, match="made to fill a machine"):
        store.import_data(path)


def test_a_link_to_a_folder_is_not_followed(store: Store, tmp_path: Path) -> None:
    folder = _lay(tmp_path / "in", {"a/owners.csv": _owners(0)})
    (folder / "a" / "b").symlink_to(folder)
    (folder / "c").symlink_to(folder)
    assert store.import_data(folder).rows == 1


def test_what_was_not_read_is_told_where_its_rows_are_missing(store: Store, tmp_path: Path) -> None:
    path = _lay(tmp_path, {"a.zip": _zip({"pets.csv": PETS, "rest.zip": _zip({"x": "y"})})})
    with pytest.raises(InvalidRows, match=r"owners was given \(1 archive .* rest\.zip\)"):
        store.import_data(path / "a.zip")


def test_a_file_that_is_packed_otherwise(store: Store, tmp_path: Path) -> None:
    for name in ("owners.csv.bz2", "owners.tar.gz", "owners.csv.xz", "owners.7z"):
        _lay(tmp_path, {name: b"x"})
        with pytest.raises(SourceError, match="Unpack it yourself"):
            store.import_data(tmp_path / name)


def test_a_name_that_tells_nothing_has_three_ways_on(store: Store, tmp_path: Path) -> None:
    path = _lay(tmp_path, {"my_owners.csv": _owners(0)}) / "my_owners.csv"
    with pytest.raises(UnknownEntityType) as caught:
        store.import_data(path)
    told = str(caught.value.hint)
    assert "Did you mean owners?" in told
    assert 'entity_type="owners"' in told
    assert f'draft_mapping("{path}")' in told
