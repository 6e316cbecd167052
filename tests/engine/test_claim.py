"""Who computes a job, where several drivers share a remote folder."""

import json
import os
import time
from datetime import UTC, datetime
from uuid import uuid4

import fsspec
import pytest

from infoplane.engine import claim as claims
from infoplane.engine.claim import CLAIM, CLAIM_LASTS, Claim
from infoplane.store.lock import Taken


@pytest.fixture(params=["memory", "file"])
def url(request, tmp_path):
    if request.param == "memory":
        return f"memory://{uuid4().hex}/runs/a"
    return f"file://{tmp_path}/far/away"


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(claims, "SETTLED", 0.0)


def file_of(url):
    files, root = fsspec.core.url_to_fs(url)
    return files, f"{root.rstrip('/')}/{CLAIM}"


def said(url):
    files, path = file_of(url)
    return json.loads(files.cat_file(path)) if files.exists(path) else None


def aged(url, seconds):
    """Makes a claim so much older, by the server's clock."""
    files, path = file_of(url)
    if "file" in files.protocol:
        os.utime(path, (time.time() - seconds,) * 2)
    else:
        files.store[path].modified = datetime.fromtimestamp(time.time() - seconds, UTC)


def test_a_job_that_one_driver_has_is_taken_for_every_other(url):
    mine = Claim(url, "a")
    mine.take()
    for _ in range(2):
        with pytest.raises(Taken, match="is being computed on"):
            Claim(url, "b").take()
        mine.refresh()
    assert said(url)["owner"] == "a"


def test_what_is_given_back_is_free(url):
    mine = Claim(url, "a")
    mine.take()
    mine.release()
    assert said(url) is None
    Claim(url, "b").take()
    mine.release()  # it is another's by now
    assert said(url)["owner"] == "b"


@pytest.mark.parametrize(("age", "free"), [(CLAIM_LASTS - 10, False), (CLAIM_LASTS + 10, True)])
def test_a_claim_without_a_sign_of_life_is_void_after_a_while(url, age, free):
    late = Claim(url, "a")
    late.take()
    aged(url, age)
    if not free:
        with pytest.raises(Taken):
            Claim(url, "b").take()
        return
    Claim(url, "b").take()
    with pytest.raises(Taken):
        late.refresh()
    late.release()
    assert said(url)["owner"] == "b"


def test_attempts_of_one_driver_take_over_at_once_and_the_one_before_learns_it(url):
    before, after = Claim(url, "a"), Claim(url, "a")
    before.take()
    after.take()
    with pytest.raises(Taken):
        before.refresh()
    after.refresh()


def test_a_torn_claim_is_somebodys_until_it_is_old(url):
    files, path = file_of(url)
    files.makedirs(path.rpartition("/")[0], exist_ok=True)
    for content in (b"", b'{"owner": "a', b"[1]", b'{"owner": "a"}', b"\xff"):
        files.pipe_file(path, content)
        with pytest.raises(Taken, match="another machine"):
            Claim(url, "b").take()
        aged(url, CLAIM_LASTS + 10)
        Claim(url, "b").take()


def test_a_claim_that_somebody_removed_is_written_again(url):
    mine = Claim(url, "a")
    mine.take()
    files, path = file_of(url)
    files.rm_file(path)
    mine.refresh()
    assert said(url)["owner"] == "a"


def test_without_exclusive_creation_the_last_who_wrote_has_it(url, monkeypatch):
    """Two that saw nothing there and wrote at the same time: each reads back what is there."""

    def refuse(self, name, content):
        raise ValueError("no such mode")

    monkeypatch.setattr(claims.Place, "create", refuse)
    first, last = Claim(url, "a"), Claim(url, "b")
    monkeypatch.setattr(claims.time, "sleep", lambda _: last._write(claims.Place(url)))
    with pytest.raises(Taken):
        first.take()
    last.refresh()


def test_where_the_server_does_not_say_when_the_time_in_the_claim_counts(url, monkeypatch):
    files, _ = file_of(url)

    def silent(self, path):
        raise NotImplementedError

    Claim(url, "a").take()
    aged(url, CLAIM_LASTS + 10)
    monkeypatch.setattr(type(files), "modified", silent)
    with pytest.raises(Taken):
        Claim(url, "b").take()
    now = time.time()
    monkeypatch.setattr(claims.time, "time", lambda: now + CLAIM_LASTS + 10)
    Claim(url, "b").take()
