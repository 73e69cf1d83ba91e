from fsbench.reports.comparison import measured_columns
from fsbench.reports.groups import comparable_groups
from fsbench.reports.plots import WIDTH, forest
from fsbench.reports.runs import load_runs


def plot_of(*folders):
    (group,) = comparable_groups(load_runs(folders).runs)
    return forest(group, measured_columns(group)[0])


def test_points_stand_in_the_order_of_their_values_inside_the_drawing(write_run, measure):
    plot = plot_of(
        write_run("low", measure("pose_error", 1.0, 0.5, 1.5)), write_run("high", measure("pose_error", 3.0, 2.0, 4.0))
    )
    low, high = plot.points
    assert 0 < low.low < low.x < low.high < high.low < high.x < high.high < WIDTH
    assert [text for _, text in plot.ticks] == ["1", "2", "3", "4"]
    assert plot.description == "Pose error, deg ↓: low 1.00 [0.50, 1.50]; high 3.00 [2.00, 4.00]"


def test_equal_values_need_no_plot(write_run, measure):
    assert plot_of(write_run("a", measure("pose_error", 0.0)), write_run("b", measure("pose_error", 0.0))) is None


def test_one_value_needs_no_plot(write_run, measure):
    assert plot_of(write_run("a", measure("pose_error", 1.0)), write_run("b", measure("pose_error", None))) is None
