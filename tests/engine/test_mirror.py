import builtins
import json
import os
import shutil
from dataclasses import replace
from uuid import uuid4

import fsspec
import pytest
from tiny import STEPS, Tiny

from infoplane.engine import copying
from infoplane.engine import mirror as mirrors
from infoplane.engine.attempt import attempt
from infoplane.engine.job import Job, Terms
from infoplane.engine.mirror import Mirror
from infoplane.runs import Run, is_whole, run
from infoplane.values.errors import InfoplaneError


@pytest.fixture(params=["memory", "file"])
def url(request, tmp_path):
    """An empty remote place, with folders and without."""
    if request.param == "memory":
        return f"memory://{uuid4().hex}/runs/a"
    return f"file://{tmp_path}/far/away"


@pytest.fixture
def whole(tmp_path):
    return run(Tiny(), tmp_path / "here").folder


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


def place(url):
    files, root = fsspec.core.url_to_fs(url)
    return files, root.rstrip("/")


def there(url):
    files, root = place(url)
    return {path.removeprefix(root + "/"): files.cat_file(path) for path in files.find(root)}


def put(url, name, content):
    files, root = place(url)
    files.makedirs(f"{root}/{name}".rpartition("/")[0], exist_ok=True)
    files.pipe_file(f"{root}/{name}", content)


def test_a_run_that_goes_there_comes_back_to_the_last_byte(url, whole, tmp_path):
    Mirror(url, whole).push()
    assert there(url) == contents(whole)
    assert Mirror(url, tmp_path / "back").fetch()
    assert contents(tmp_path / "back") == contents(whole)
    assert Run(tmp_path / "back").trace.identical(Run(whole).trace)


def test_nothing_there_is_fine_and_leaves_nothing_here(url, tmp_path):
    assert not Mirror(url, tmp_path / "back").fetch()
    assert not (tmp_path / "back").exists()


def test_only_what_is_new_or_changed_travels(url, whole, monkeypatch):
    mirror, sent = Mirror(url, whole), []
    files, _ = place(url)
    pipe = type(files).pipe

    def counted(self, path, *rest, **options):
        sent.extend(path)
        return pipe(self, path, *rest, **options)

    mirror.push()
    monkeypatch.setattr(type(files), "pipe", counted)
    mirror.push()
    assert sent == []
    (whole / "report.html").write_text("new")
    (whole / "findings.json").unlink()
    mirror.push()
    assert sorted(path.rsplit("/", 1)[1] for path in sent) == ["manifest.json", "report.html"]
    assert there(url) == contents(whole)
    fetched = Mirror(url, whole)
    fetched.fetch()
    sent.clear()
    fetched.push()
    assert sent == []


def test_the_manifest_goes_last_and_files_in_the_making_stay_here(url, whole, monkeypatch):
    monkeypatch.setattr(mirrors, "BATCH", 1)
    (whole / "trace.zarr.partial").mkdir()
    (whole / "trace.zarr.partial" / "zarr.json").write_text("{}")
    (whole / "journal.jsonl.partial").write_text("torn")
    (whole / "elsewhere").symlink_to("/etc/hostname")
    files, _ = place(url)
    order, pipe = [], type(files).pipe

    def noted(self, path, *rest, **options):
        result = pipe(self, path, *rest, **options)
        order.extend(path)
        return result

    monkeypatch.setattr(type(files), "pipe", noted)
    Mirror(url, whole).push()
    names = [path.rsplit("/", 1)[1] for path in order]
    assert names[0] == "journal.jsonl" and names[-1] == "manifest.json"
    assert not any("partial" in name or "elsewhere" in name for name in there(url))
    assert ".lock" not in there(url)


def test_what_is_gone_here_is_removed_there(url, whole):
    (whole / "checkpoints").mkdir(exist_ok=True)
    (whole / "checkpoints" / "1-a.safetensors").write_bytes(b"x")
    mirror = Mirror(url, whole)
    mirror.push()
    (whole / "checkpoints" / "1-a.safetensors").unlink()
    mirror.push()
    assert "checkpoints/1-a.safetensors" not in there(url) and there(url) == contents(whole)


def test_a_complete_run_replaces_what_is_here(url, whole, tmp_path):
    Mirror(url, whole).push()
    back = tmp_path / "back"
    (back / "checkpoints").mkdir(parents=True)
    (back / "checkpoints" / "1-a.safetensors").write_bytes(b"x")
    (back / "journal.jsonl").write_bytes(b"garbage")
    assert Mirror(url, back).fetch()
    assert contents(back) == contents(whole)


def test_a_complete_run_there_is_left_alone_by_one_that_is_not(url, whole):
    """As of a worker whose node was cut off, while another has finished its job."""
    late = Mirror(url, whole)
    late.push()
    before = there(url)
    manifest = json.loads((whole / "manifest.json").read_text())
    (whole / "manifest.json").write_text(json.dumps(manifest | {"status": "running"}))
    (whole / "journal.jsonl").write_bytes(b"")
    late.push()
    assert there(url) == before


def test_a_folder_without_a_manifest_takes_nothing_away(url, whole, tmp_path):
    Mirror(url, whole).push()
    before = there(url)
    (tmp_path / "empty").mkdir()
    Mirror(url, tmp_path / "empty").push()
    Mirror(url, tmp_path / "none").push()
    assert there(url) == before


class Killed(BaseException):
    """As by kill -9: nothing of ours runs after it."""


def killed_after(count, url, monkeypatch, *, torn):
    """The process that pushes dies at its ``count``-th file, which is half there if ``torn``."""
    files, _ = place(url)
    seen = 0

    def pipe(self, contents):
        nonlocal seen
        for path, content in contents.items():
            seen += 1
            if seen == count:
                if torn:
                    self.makedirs(path.rpartition("/")[0], exist_ok=True)
                    self.pipe_file(path, content[: len(content) // 2])
                raise Killed
            self.makedirs(path.rpartition("/")[0], exist_ok=True)
            self.pipe_file(path, content)

    monkeypatch.setattr(type(files), "pipe", pipe)


@pytest.mark.parametrize("torn", [False, True])
def test_a_copy_that_was_never_finished_is_computed_to_the_same_bits(
    url, whole, tmp_path, monkeypatch, torn
):
    truth = Run(whole).trace
    for count in range(1, len(contents(whole)) + 1):
        at = f"{url}-{count}"
        with monkeypatch.context() as patched:
            killed_after(count, at, patched, torn=torn)
            with pytest.raises(Killed):
                Mirror(at, whole).push()
        scratch = tmp_path / f"{torn}-{count}"
        folder = scratch / whole.relative_to(tmp_path / "here")
        mirror = Mirror(at, folder)
        assert not mirror.fetch() and not is_whole(folder)
        assert run(Tiny(), scratch).trace.identical(truth)
        mirror.push()
        back = tmp_path / f"back-{torn}-{count}"
        assert Mirror(at, back).fetch() and Run(back).trace.identical(truth)


@pytest.mark.parametrize("torn", [False, True])
def test_no_mixture_of_two_complete_copies_is_ever_called_complete(
    url, whole, tmp_path, monkeypatch, torn
):
    other = run(Tiny(), tmp_path / "other").folder  # the same bits, other timings
    for count in (1, 3, len(contents(whole))):
        Mirror(url, whole).push()
        with monkeypatch.context() as patched:
            killed_after(count, url, patched, torn=torn)
            with pytest.raises(Killed):
                Mirror(url, other).push()
        assert not Mirror(url, tmp_path / f"back-{count}").fetch()
        Mirror(url, other).push()
        assert there(url) == contents(other)


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "a\\b", "c:evil", "a//b"])
def test_names_that_lead_out_of_the_folder_are_refused(name, tmp_path, monkeypatch):
    url = f"memory://{uuid4().hex}/runs/a"
    mirror = Mirror(url, tmp_path / "back")
    files, root = place(url)
    listing = {f"{root}/{name}": {"size": 1, "type": "file"}}
    monkeypatch.setattr(type(files), "find", lambda self, path, detail=False: listing)
    with pytest.raises(InfoplaneError, match="no file of a run folder"):
        mirror.fetch()
    assert not (tmp_path / "back").exists() and not (tmp_path / "evil").exists()


def test_a_listing_of_another_place_is_refused(tmp_path, monkeypatch):
    url = f"memory://{uuid4().hex}/runs/a"
    files, _ = place(url)
    listing = {"/etc/passwd": {"size": 1, "type": "file"}}
    monkeypatch.setattr(type(files), "find", lambda self, path, detail=False: listing)
    with pytest.raises(InfoplaneError, match="/etc/passwd"):
        Mirror(url, tmp_path / "back").fetch()


def test_a_file_that_vanishes_between_listing_and_reading_is_left_out(url, whole, tmp_path):
    """As an old checkpoint of somebody who is still at work."""
    Mirror(url, whole).push()
    mirror = Mirror(url, tmp_path / "back")
    mirror._bring(["journal.jsonl", "checkpoints/gone.safetensors"])
    assert contents(tmp_path / "back").keys() == {"journal.jsonl"}


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nosuchscheme://bucket/runs", "nosuchscheme"),
        ("ftp://me:secret@[broken/runs", "cannot be used"),
    ],
)
def test_a_place_that_cannot_be_is_one_error_with_the_url(url, words, tmp_path):
    with pytest.raises(InfoplaneError, match=words) as refused:
        Mirror(url, tmp_path)
    assert "secret" not in str(refused.value)


def test_a_place_that_refuses_is_one_error_with_url_and_cause(whole, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(InfoplaneError, match=r"file://.*/file/runs cannot be used: .*Error"):
        Mirror(f"file://{tmp_path}/file/runs", whole).push()


def test_a_password_is_never_shown(tmp_path, monkeypatch):
    url = "memory://me:secret@host/runs"
    mirror = Mirror(url, tmp_path)

    def refuse(self, path, **options):
        raise PermissionError("not you")

    monkeypatch.setattr(type(place(url)[0]), "cat_file", refuse)
    with pytest.raises(InfoplaneError, match="not you") as refused:
        mirror.fetch()
    assert "secret" not in str(refused.value) and "host/runs" in str(refused.value)


def test_without_fsspec_the_remedy_is_named(tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name.startswith("fsspec"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InfoplaneError, match=r"infoplane\[ray\]"):
        Mirror("memory://somewhere", tmp_path)


def test_a_job_with_a_remote_folder_is_computed_once_wherever_it_is_asked_for(url, tmp_path):
    job, told = Job.of(Tiny()), []
    terms = Terms(tmp_path / "unused", remote=url)
    assert attempt(job, terms, told.append).status == "computed"
    assert attempt(job, terms, told.append).status == "found"
    assert not (tmp_path / "unused").exists()
    assert terms.mirror(job, tmp_path / "mine").fetch()
    assert is_whole(tmp_path / "mine" / job.place)


def test_a_job_whose_machine_dies_goes_on_elsewhere_from_its_last_copy(url, tmp_path, monkeypatch):
    monkeypatch.setattr(copying, "PUSHED_EVERY", 0.0)
    (tmp_path / "marks").mkdir()
    experiment = Tiny(marks=tmp_path / "marks")
    job, terms = Job.of(experiment), Terms(tmp_path / "unused", remote=url)

    class Dies(BaseException):
        pass

    def die(_):
        raise Dies

    with pytest.raises(Dies):
        attempt(job, terms, die)
    copy = tmp_path / "copy"
    mirror = terms.mirror(job, copy)
    assert not mirror.fetch()
    rows = (copy / job.place / "journal.jsonl").read_bytes().count(b"\n")
    assert 0 < rows < STEPS
    assert attempt(job, terms, lambda _: None).status == "computed"
    mirror.fetch()
    mended = Run(copy / job.place)
    assert mended.manifest.sessions == 2
    assert mended.trace.identical(run(replace(experiment, marks=None), tmp_path / "truth").trace)


def test_a_remote_file_system_with_folders_needs_none_to_be_made_before(whole, tmp_path):
    url = f"file://{tmp_path}/not/yet/there"
    Mirror(url, whole).push()
    assert (tmp_path / "not" / "yet" / "there" / "manifest.json").is_file()
    shutil.rmtree(tmp_path / "not")
    assert os.listdir(tmp_path) == ["here"]
