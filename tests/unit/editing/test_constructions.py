"""The ground truths of the paper's section 3.3, in words and against what the data set draws from a built folder."""

from __future__ import annotations

from fsbench.editing.constructions import Example, from_one_picture, from_two_pictures


def test_two_pictures_of_a_person_the_truths_identity_is_edited_to_make_the_target() -> None:
    found = list(from_two_pictures("ann", ["x", "y", "z"], [("fat", "x")]))
    start = "edited_target/original/faces/ann"
    target = "edited_target/edited/faces_fat/ann/x.png"
    assert found == [Example(f"{start}/{source}.png", target, f"{start}/x.png") for source in ("y", "z")]


def test_an_identity_edit_of_one_picture_has_the_source_as_truth_modified_or_not() -> None:
    edited_target, edited_source = from_one_picture("source_as_gt", "fat", "ann", "x")
    original, edited = (f"source_as_gt/fat/ann/x.{half}.png" for half in ("original", "edited"))
    assert edited_target == Example(source=original, target=edited, truth=original)
    assert edited_source == Example(source=edited, target=original, truth=edited)


def test_an_attribute_edit_of_one_picture_has_the_target_as_truth_modified_or_not() -> None:
    edited_target, edited_source = from_one_picture("target_as_gt", "grin", "ann", "x")
    original, edited = (f"target_as_gt/grin/ann/x.{half}.png" for half in ("original", "edited"))
    assert edited_target == Example(source=original, target=edited, truth=edited)
    assert edited_source == Example(source=edited, target=original, truth=original)
