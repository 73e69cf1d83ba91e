import numpy as np
import torch

from fsbench.data.frames import read_rgb
from fsbench.training.curves import draw_curves
from fsbench.training.journal import LOSSES, Journal, read_rows, sheet_of


def test_rows_beyond_the_step_that_is_resumed_are_taken_out(tmp_path):
    journal = Journal(tmp_path, step=0, tensorboard=False)
    for step in (1, 2, 3):
        journal.numbers(LOSSES, step, {"generator": step / 2, "absent": None})
    with (tmp_path / LOSSES).open("a") as file:
        file.write("4,2.")  # a kill in the middle of a line
    journal = Journal(tmp_path, step=2, tensorboard=False)
    journal.numbers(LOSSES, 3, {"generator": 7.0, "absent": 1.0})
    rows = read_rows(tmp_path / LOSSES)
    assert rows["step"] == [1, 2, 3]
    assert rows["generator"] == [0.5, 1.0, 7.0]
    assert np.isnan(rows["absent"]).tolist() == [True, True, False]


def test_tensorboard_holds_the_scalars_and_the_pictures(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    journal = Journal(tmp_path, step=0, tensorboard=True)
    journal.numbers(LOSSES, 5, {"generator": 1.5, "absent": None})
    journal.pictures(5, [torch.zeros(2, 3, 4, 4)])
    journal.close()
    found = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [(event.step, event.value) for event in found.Scalars("losses/generator")] == [(5, 1.5)]
    assert found.Tags()["scalars"] == ["losses/generator"]
    assert found.Tags()["images"] == ["pictures"]


def test_a_sheet_has_a_row_for_each_kind_of_picture(tmp_path):
    large, small = torch.full((2, 3, 8, 8), 1.0), torch.full((2, 3, 4, 4), 0.0)
    sheet = sheet_of([large, small])
    assert sheet.shape == (16, 16, 3)
    assert (sheet[:8] == 255).all()
    assert (sheet[8:12, :4] == 128).all()
    assert (sheet[12:] == 0).all()
    journal = Journal(tmp_path, step=0, tensorboard=False)
    np.testing.assert_array_equal(read_rgb(journal.pictures(7, [large, small])), sheet)


def test_the_curves_of_several_runs_are_a_picture(tmp_path):
    columns = {"step": [1, 2], "attribute": [2.0, 1.0], "identity_64": [1.0, 0.5], "identity_32": [9.0, 9.0]}
    (tmp_path / "one.png").write_bytes(draw_curves({"": columns}))
    (tmp_path / "two.png").write_bytes(draw_curves({"Baseline": columns, "scale256": columns}))
    one, two = read_rgb(tmp_path / "one.png"), read_rgb(tmp_path / "two.png")
    assert one.shape == two.shape
    assert (one != two).any()
