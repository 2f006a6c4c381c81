"""An output folder appears as a whole or not at all, and never in place of what is not ours."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from navigator.app.outputs import OUR_SCHEMAS, SUMMARY_FILE, check_may_write, folder_when_complete
from navigator.errors import FileRefusedError


def everything(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def fill(folder: Path, word: str, schema: str = OUR_SCHEMAS[0]) -> None:
    (folder / SUMMARY_FILE).write_text(json.dumps({"schema": schema}), encoding="utf-8")
    (folder / "sub").mkdir()
    (folder / "sub" / "plan.json").write_text(word, encoding="utf-8")


def test_the_folder_is_not_there_until_it_is_complete(tmp_path: Path) -> None:
    out = tmp_path / "a" / "b" / "case"
    with folder_when_complete(out, overwrite=False) as folder:
        fill(folder, "whole")
        assert not out.exists()
        assert folder.parent == out.parent, "the same disk: a rename moves all at once"
        assert folder.name.startswith(".")
    assert (out / "sub" / "plan.json").read_text(encoding="utf-8") == "whole"
    assert [path.name for path in out.parent.iterdir()] == ["case"]


@pytest.mark.hazard(43, 44)
@pytest.mark.parametrize("raised", [ValueError("x"), KeyboardInterrupt(), SystemExit(1)])
@pytest.mark.parametrize("out", ["case", "deep/er/case"])
def test_what_goes_wrong_leaves_nothing(tmp_path: Path, raised: BaseException, out: str) -> None:
    (tmp_path / "other.txt").write_text("other", encoding="utf-8")
    before = everything(tmp_path)

    def work() -> None:
        with folder_when_complete(tmp_path / out, overwrite=False) as folder:
            fill(folder, "half")
            raise raised

    with pytest.raises(type(raised)):
        work()
    assert everything(tmp_path) == before


@pytest.mark.hazard(44)
def test_a_full_disk_is_a_refusal_and_keeps_the_earlier_result(tmp_path: Path) -> None:
    out = tmp_path / "case"
    with folder_when_complete(out, overwrite=False) as folder:
        fill(folder, "first")
    before = everything(tmp_path)

    def work() -> None:
        with folder_when_complete(out, overwrite=True) as folder:
            fill(folder, "second")
            raise OSError(28, "No space left on device", str(folder / "x"))

    with pytest.raises(FileRefusedError) as refused:
        work()
    assert refused.value.refusal.code == "unwritable"
    assert "No space left" in refused.value.refusal.got
    assert everything(tmp_path) == before


@pytest.mark.hazard(43)
def test_where_the_last_step_fails_the_earlier_result_is_still_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "case"
    with folder_when_complete(out, overwrite=False) as folder:
        fill(folder, "first")
    before = everything(tmp_path)
    rename = Path.replace

    def failing(self: Path, target: Path) -> Path:
        if self.name.endswith(".part"):
            raise PermissionError(13, "in use", str(self))
        return rename(self, target)

    def work() -> None:
        with folder_when_complete(out, overwrite=True) as folder:
            fill(folder, "second")
            monkeypatch.setattr(Path, "replace", failing)

    with pytest.raises(FileRefusedError):
        work()
    assert everything(tmp_path) == before


@pytest.mark.parametrize("schema", OUR_SCHEMAS)
def test_our_own_result_is_replaced_only_when_asked(tmp_path: Path, schema: str) -> None:
    out = tmp_path / "case"
    with folder_when_complete(out, overwrite=False) as folder:
        fill(folder, "first", schema)
        (folder / "old.txt").write_text("old", encoding="utf-8")
    with pytest.raises(FileRefusedError, match="--overwrite"):
        check_may_write(out, overwrite=False)
    with folder_when_complete(out, overwrite=True) as folder:
        fill(folder, "second", schema)
    assert (out / "sub" / "plan.json").read_text(encoding="utf-8") == "second"
    assert not (out / "old.txt").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["case"]


FOREIGN: dict[str, dict[str, str]] = {
    "a file of somebody": {"thesis.txt": "work"},
    "a summary of another program": {SUMMARY_FILE: '{"schema": "their-summary/1"}'},
    "a summary that is no JSON": {SUMMARY_FILE: "{"},
    "a summary that is a list": {SUMMARY_FILE: "[1]"},
    "a summary without a schema": {SUMMARY_FILE: "{}"},
    "a newer schema": {SUMMARY_FILE: '{"schema": "demo-summary/2"}'},
    "a hidden file": {".git": "x"},
}


@pytest.mark.parametrize("name", list(FOREIGN))
@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_not_ours_is_never_replaced(tmp_path: Path, name: str, *, overwrite: bool) -> None:
    out = tmp_path / "folder"
    out.mkdir()
    for file, text in FOREIGN[name].items():
        (out / file).write_text(text, encoding="utf-8")
    before = everything(tmp_path)
    with (
        pytest.raises(FileRefusedError) as refused,
        folder_when_complete(out, overwrite=overwrite),
    ):
        pytest.fail("the body must not run")
    assert refused.value.refusal.code == "output-exists"
    assert "choose another --out" in refused.value.refusal.next_step
    assert everything(tmp_path) == before


@pytest.mark.hazard(43)
@pytest.mark.parametrize("name", ["notes.txt", "sub/notes.txt", "empty/", ".hidden", "link"])
def test_a_foreign_file_in_our_own_result_is_named_and_kept(tmp_path: Path, name: str) -> None:
    out = tmp_path / "case"
    with folder_when_complete(out, overwrite=False) as folder:
        fill(folder, "first")
    if name.endswith("/"):
        (out / name).mkdir()
    elif name == "link":
        (out / name).symlink_to(tmp_path)
    else:
        (out / name).write_text("by hand", encoding="utf-8")
    before = everything(out)
    with (
        pytest.raises(FileRefusedError) as refused,
        folder_when_complete(out, overwrite=True),
    ):
        pytest.fail("the body must not run")
    assert refused.value.refusal.code == "output-exists"
    assert name.rstrip("/") in refused.value.refusal.got
    assert "--overwrite" not in refused.value.refusal.next_step
    assert everything(out) == before


@pytest.mark.hazard(43)
def test_a_file_that_comes_while_the_work_goes_on_is_kept(tmp_path: Path) -> None:
    out = tmp_path / "case"

    def work() -> None:
        with folder_when_complete(out, overwrite=True) as folder:
            fill(folder, "second")
            out.mkdir()
            (out / "thesis.txt").write_text("work", encoding="utf-8")

    with pytest.raises(FileRefusedError):
        work()
    assert everything(tmp_path) == {"case": None, "case/thesis.txt": b"work"}


def test_the_summary_lists_every_file(tmp_path: Path) -> None:
    out = tmp_path / "case"
    with folder_when_complete(out, overwrite=False) as folder:
        fill(folder, "first")
    summary = json.loads((out / SUMMARY_FILE).read_text(encoding="utf-8"))
    assert summary == {"schema": OUR_SCHEMAS[0], "written": ["sub/plan.json", SUMMARY_FILE]}


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("out", [".", "..", "../..", "/", "../here/.", "sub/.."])
def test_the_folder_that_one_stands_in_is_no_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str, *, overwrite: bool
) -> None:
    (tmp_path / "here" / "sub").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    before = everything(tmp_path)
    with (
        pytest.raises(FileRefusedError) as refused,
        folder_when_complete(Path(out), overwrite=overwrite),
    ):
        pytest.fail("the body must not run")
    assert refused.value.refusal.code == "output-is-here"
    assert everything(tmp_path) == before


@pytest.mark.parametrize("target", ["empty", "lost", "loop"])
def test_a_link_is_no_output(tmp_path: Path, target: str) -> None:
    (tmp_path / "empty").mkdir()
    link = tmp_path / "loop"
    link.symlink_to(tmp_path / target)
    for out in (link, link / "case") if target == "loop" else (link,):
        with (
            pytest.raises(FileRefusedError) as refused,
            folder_when_complete(out, overwrite=True),
        ):
            pytest.fail("the body must not run")
        assert refused.value.refusal.code in ("output-is-link", "unwritable")
    assert link.is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "loop"]


def test_a_folder_below_a_link_is_written_where_the_link_leads(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    with folder_when_complete(tmp_path / "link" / "case", overwrite=False) as folder:
        fill(folder, "whole")
    assert [path.name for path in (tmp_path / "disk").iterdir()] == ["case"]


@pytest.mark.hazard(43)
def test_a_result_that_holds_the_input_is_not_replaced(tmp_path: Path) -> None:
    out = tmp_path / "case"
    with folder_when_complete(out, overwrite=False) as folder:
        fill(folder, "first")
    with pytest.raises(FileRefusedError) as refused:
        check_may_write(out, overwrite=True, inputs=[out / "sub" / "plan.json"])
    assert refused.value.refusal.code == "output-is-input"
    check_may_write(out, overwrite=True, inputs=[tmp_path / "other.json"])


def test_a_name_that_no_disk_can_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError) as refused:
        check_may_write(tmp_path / ("x" * 300), overwrite=False)
    assert refused.value.refusal.code == "unwritable"


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine", encoding="utf-8")
    for out in (file, file / "case"):
        with pytest.raises(FileRefusedError), folder_when_complete(out, overwrite=True):
            pass
    assert file.read_text(encoding="utf-8") == "mine"


def test_an_empty_folder_is_used(tmp_path: Path) -> None:
    out = tmp_path / "case"
    out.mkdir()
    with folder_when_complete(out, overwrite=False) as folder:
        fill(folder, "whole")
    assert (out / "sub").is_dir()
    assert [path.name for path in tmp_path.iterdir()] == ["case"]


def test_a_relative_name_is_beside_where_it_was_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with folder_when_complete(Path("case"), overwrite=False) as folder:
        fill(folder, "whole")
    assert (tmp_path / "case" / "sub" / "plan.json").exists()


@pytest.mark.hazard(43)
def test_the_plans_of_a_folder_that_is_replaced_are_kept(tmp_path: Path) -> None:
    out, kept = tmp_path / "case", {"plan.json": "", "registration.json": ""}
    for turn, words in enumerate(("ab", "cb", "cd", "ef")):
        with folder_when_complete(out, overwrite=turn > 0) as folder:
            fill(folder, "x")
            for name, word in zip(kept, words, strict=True):
                (folder / name).write_text(word, encoding="utf-8")
    found = {
        path.name: path.read_text(encoding="utf-8") for path in sorted((out / "earlier").iterdir())
    }
    assert found == {
        "plan.0001.json": "a", "plan.0002.json": "c",
        "registration.0001.json": "b", "registration.0002.json": "d",
    }  # fmt: skip
    written = json.loads((out / SUMMARY_FILE).read_text(encoding="utf-8"))["written"]
    assert "earlier/plan.0001.json" in written
    assert (out / "plan.json").read_text(encoding="utf-8") == "e"


def test_what_a_killed_run_left_is_taken_away_by_the_next(tmp_path: Path) -> None:
    # no system gives a process such a number
    left, others = tmp_path / ".out.4194999999.part", tmp_path / ".other.4194999999.part"
    for folder in (left, others):
        folder.mkdir()
        (folder / "plan.json").write_text("{}", encoding="utf-8")
    with folder_when_complete(tmp_path / "out", overwrite=False) as folder:
        (folder / "a").write_text("a", encoding="utf-8")
    assert not left.exists()
    assert others.exists()
