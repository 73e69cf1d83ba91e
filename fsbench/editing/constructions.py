"""The paper's two ways to a triplet (section 3.3): where their pictures lie, and which of them is the ground truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fsbench.training.triplet_folder import IDENTITY, Role

VANILLA, SET = "vanilla", "faces"  # the original set's name: an edited set's name must start with it


class Example(NamedTuple):
    """One triplet, as paths below the folder."""

    source: str
    target: str
    truth: str


def vanilla(person: str, name: str) -> str:
    """Place an unedited crop."""
    return f"{VANILLA}/{person}/{name}.png"


def original_target(person: str, name: str) -> str:
    """Place the same crop as a ground truth of two pictures."""
    return f"edited_target/original/{SET}/{person}/{name}.png"


def edited_target(kind: str, person: str, name: str) -> str:
    """Place the identity edit of a ground truth."""
    return f"edited_target/edited/{SET}_{kind}/{person}/{name}.png"


def pair(role: Role, kind: str, person: str, name: str) -> tuple[str, str]:
    """Place a crop and its edit, which make triplets of a single image."""
    return tuple(f"{role}/{kind}/{person}/{name}.{half}.png" for half in ("original", "edited"))  # type: ignore[return-value]


def from_two_pictures(person: str, names: Sequence[str], edits: Sequence[tuple[str, str]]) -> Iterator[Example]:
    """List the triplets of two different pictures of one person.

    "We treat one as the source and the other as the swapped face. We modify the identity of the ground truth to
    generate the target image": the truth is an unedited picture, the target is the identity edit of that picture, and
    the source is any other unedited picture of the same person. Attribute edits make none of these.

    Args:
        person: whose pictures they are.
        names: of all pictures of this person, at least two.
        edits: (kind, name) of each identity edit.
    """
    for kind, name in edits:
        for other in names:
            if other != name:
                truth = original_target(person, name)
                yield Example(original_target(person, other), edited_target(kind, person, name), truth)


def from_one_picture(role: Role, kind: str, person: str, name: str) -> tuple[Example, Example]:
    """Give the two triplets of a picture and its edit; those of both roles are the paper's four types.

    One picture is the source and the target; either of the two is edited. "When we conduct identity-related
    modification, the ground-truth should always be identical to the source image (either modified or not). Meanwhile,
    if the modification is attribute-related, the ground-truth should always be identical to the target image".

    Returns:
        That with the edited target (figure 2, e and f), and that with the edited source (g and h).
    """
    original, edited = pair(role, kind, person, name)
    if role == IDENTITY:
        return Example(original, edited, original), Example(edited, original, edited)
    return Example(original, edited, edited), Example(edited, original, original)
