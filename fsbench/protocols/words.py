"""Definitions in sentences, for reports: every choice that was made, in the order of the work."""

from __future__ import annotations

from collections.abc import Mapping

from fsbench.protocols.ffpp_sources import MAY_LACK_A_FACE
from fsbench.protocols.presets import Definition, FFppDefinition, FidDefinition, LfwDefinition, SpeedDefinition

Titles = Mapping[str, str]

SAMPLING = {
    "linspace": "evenly spaced, the first and the last frame among them",
    "stride": "every ceil(n / {frames})-th frame from the first",
    "bins": "the middles of {frames} equal parts",
}
SOURCES = {
    "same_index": "frame N of the source video is the source for frame N of the target video",
    "listed": "the frame that a file names for the pair of videos",
    "same_position": "the k-th sampled frame of the source video is the source for the k-th of the target video",
    "first": "the first sampled frame of the source video that shows a face is the source for all its targets",
    "most_frontal": "the sampled frame of the source video with the smallest yaw and pitch is the source for all",
}
FALLBACKS = {
    "most_frontal": "where that frame shows no face or is not there, the most frontal sampled frame is taken",
    "none": "where that frame shows no face or is not there, the pair fails",
}
GALLERIES = {
    "all_frames": "all sampled original frames, of the targets too",
    "first_frame": "the first usable frame of each video",
    "source_frames": "the source frames alone, so that a copied target can be right by chance",
}
HITS = {"video": "shows the source video", "person": "shows the source person", "frame": "is the source frame itself"}
POLICIES = {
    "miss": "A failed swap counts as a miss of retrieval; it has no distance, so distances leave it out and count it.",
    "drop": "A failed swap is left out of every number and counted.",
    "raise": "A failed swap stops the run.",
}
REDUCTIONS = {"mean": "mean over the results of", "rms": "root of the mean square over the results of"}
REFERENCES = {
    "targets": "the same crops of the targets, one a swap",
    "all_frames": "the same crops of all sampled original frames",
    "sources": "the same crops of the sources, one a swap",
}


def explain_ffpp(choices: FFppDefinition, titles: Titles) -> tuple[str, ...]:
    """Describe a FaceForensics++ run."""
    sampling = SAMPLING[choices.sampling].format(frames=choices.frames)
    fallback = f"; {FALLBACKS[choices.source_fallback]}" if choices.source_frame in MAY_LACK_A_FACE else ""
    return (
        f"Frames: {choices.frames} of each video, {sampling}; both directions of each pair of the splits.",
        f"Source: {SOURCES[choices.source_frame]}{fallback}.",
        *_shared(choices, titles, "the largest face of a picture"),
        f"ID retrieval: {titles['identity']} embedding{_flip(choices)}, nearest by {choices.similarity} in a gallery "
        f"of {GALLERIES[choices.gallery]}; a hit {HITS[choices.hit]}. The strict value leaves the exact source frame "
        "out of the gallery.",
        "ID similarity and target leakage: cosine of the result's embedding to the source's and to the target's.",
        *_second(titles),
        f"Pose error: {titles['pose']}; {REDUCTIONS[choices.pose_reduce]} the L2 distance of (yaw, pitch, roll) in "
        "degrees between target and result.",
        f"Expression error: {titles['expression']}; {REDUCTIONS[choices.expression_reduce]} the L2 distance between "
        "target and result.",
        _distances(choices, titles, REFERENCES[choices.fid_reference]),
        "Intervals: 95 %, bootstrap over target videos; for set distances, delete-a-group jackknife over videos.",
    )


def explain_lfw(choices: LfwDefinition, titles: Titles) -> tuple[str, ...]:
    """Describe an LFW run."""
    face = "the face nearest to the middle of a picture" if choices.face == "centre" else "the largest face"
    return (
        "Pairs: the negative pairs of pairs.txt; the first picture is the target, the second the source.",
        *_shared(choices, titles, face),
        f"Cosine: {titles['identity']} embedding{_flip(choices)} of the result against that of the source; mean, and "
        "sample variance, over the pairs.",
        *_second(titles),
        "Floor: source against target, no swap. Ceiling: the positive pairs, two pictures of one person.",
        "Target leakage: cosine of the result against the target.",
        _distances(choices, titles, REFERENCES["targets"]),
        "Intervals: 95 %, bootstrap over target people and over source people, the wider one; for set distances, "
        "delete-a-group jackknife over target people.",
    )


def explain_fid(choices: FidDefinition, titles: Titles) -> tuple[str, ...]:
    """Describe a comparison of two folders."""
    lines = [_distances(choices, titles, "the same crops of the other folder")]
    if choices.fid_region != "frame":
        lines.append(
            f"Faces: {titles['detect']}, the {choices.face} one; a picture without a face is left out and counted."
        )
    return (*lines, "Intervals: 95 %, delete-a-group jackknife over the pictures.")


def explain_speed(choices: SpeedDefinition, clock: str) -> tuple[str, ...]:
    """Describe a run that takes times."""
    return (
        f"Passes: {choices.passes} counted ones after {choices.warmup} of warm-up, all swappers turn by turn in each, "
        f"timed by {clock}; batch {choices.batch}, {choices.threads} threads.",
        "Latency: median time of one call, from the picture files to the result in memory, with a source that was seen "
        "before; detection is not in it. Mean and 95th percentile beside; a face is the median by the batch.",
        "With the face net: the same call with a source that was not seen before.",
        "Network alone: one pass of the networks that run for each target, at batch 1, the input ready in memory.",
        "Times the first: median of the ratios to the first swapper of the run, pass by pass, where both finished.",
        "Largest difference: between that pass, done a second time, and the same input through the plain network in "
        "torch.",
        "Work: floating-point operations of the plain network as torch counts them, two a multiplication and addition. "
        "Share of the limit: that work by the time, as a share of the speed of a large matrix product or convolution, "
        "the faster one, on this machine with as many threads. Methods that need fewer operations than counted may "
        "lie beyond it.",
        "Peak memory: resident memory of a process of its own that loads the swapper and swaps three times, with "
        "Python and all libraries in it.",
        "Intervals: 95 %, moving-block bootstrap over the passes in their order, so that times that belong together "
        "stay together.",
    )


def explain_size() -> tuple[str, ...]:
    """Describe a run that weighs."""
    return (
        "Parameters: learned numbers of the networks that run for each target; in the row with the face net, of the "
        "network that looks at the source too. Statistics of batch norms are no parameters.",
        "At fp32, fp16 and int8: the parameters at 4, 2 and 1 bytes each; the scales that int8 needs are not counted.",
        "Size: the files the networks are loaded from, or the exported file. 1 MB is 1,000,000 bytes.",
    )


def _shared(choices: Definition, titles: Titles, face: str) -> tuple[str, ...]:
    if choices.alignment == "own":
        check = "A result without a face where the target's was is a failure; it is aligned by its own landmarks."
    else:
        check = (
            "Results are aligned with the target's landmarks and not searched for a face, so a blank one scores too."
        )
    return f"Faces: {titles['detect']}, {face}.", check, POLICIES[choices.failures]


def _second(titles: Titles) -> tuple[str, ...]:
    if "identity2" not in titles:
        return ()
    return (f"Everything about identity is measured a second time with {titles['identity2']}, in columns of its own.",)


def _flip(choices: Definition) -> str:
    return ", crop and mirror image concatenated" if choices.flip else ""


def _distances(choices: Definition, titles: Titles, reference: str) -> str:
    region = "aligned 256 px face crops" if choices.fid_region == "aligned_256" else "whole pictures"
    return (
        f"Frechet and kernel distance: {titles['distribution']} features of {region}, against {reference}; the kernel "
        "distance is the unbiased estimate over all rows, a target and its own result not compared."
    )
