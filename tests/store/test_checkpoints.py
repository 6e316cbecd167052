import pytest
import torch

from infoplane.store.checkpoints import Checkpoints
from infoplane.values.trace import Checkpoint


def checkpoint(step):
    tensors = {"model.w": torch.full((2, 3), float(step)), "optimiser.0.step": torch.tensor(step)}
    return Checkpoint(step, tensors, {"param_groups": [{"lr": 0.1, "betas": [0.9, 0.999]}]})


@pytest.fixture
def kept(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    for step in (5, 10, 15):
        checkpoints.save(checkpoint(step), last_row=step - 2)
    return checkpoints


def test_the_last_two_are_kept_and_come_back_whole(kept, tmp_path):
    assert len(list(tmp_path.glob("*.safetensors"))) == 2
    found = kept.latest(last_row=13)
    assert found is not None and found.step == 15
    assert torch.equal(found.tensors["model.w"], torch.full((2, 3), 15.0))
    assert found.state == checkpoint(15).state


def test_a_checkpoint_that_was_taken_after_a_lost_row_is_not_used(kept):
    assert kept.latest(last_row=12).step == 10
    assert kept.latest(last_row=7) is None


def test_a_damaged_checkpoint_gives_way_to_the_one_before(kept, tmp_path):
    newest = next(tmp_path.glob("15-*"))
    content = bytearray(newest.read_bytes())
    content[-1] ^= 1
    newest.write_bytes(bytes(content))
    assert kept.latest(last_row=99).step == 10


def test_clear_removes_them_all(kept, tmp_path):
    kept.clear()
    assert not list(tmp_path.iterdir())
