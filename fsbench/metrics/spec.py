"""What each metric is called, its unit, and which way is better. One row a metric; the functions are beside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class MetricSpec:
    """One row. `version` rises when equal inputs give another number."""

    title: str
    unit: str
    better: Literal["higher", "lower", "neither"]
    digits: int
    version: int = 1
    scale: float = 1.0  # from the number computed to the number printed
    per_pair: bool = True  # has a value for each pair, so that intervals resample and paired differences exist


SECOND = "_2"  # behind the key of an identity metric: the same number by the second identity network of a suite

_ROWS: dict[str, MetricSpec] = {
    "id_retrieval": MetricSpec("ID retrieval", "%", "higher", 2, scale=100),
    "id_retrieval_top5": MetricSpec("ID retrieval, top 5", "%", "higher", 2, scale=100),
    "id_retrieval_strict": MetricSpec("ID retrieval, strict", "%", "higher", 2, scale=100),
    "id_similarity": MetricSpec("ID similarity", "cosine", "higher", 4),
    "lfw_cosine_mean": MetricSpec("LFW cosine, mean", "cosine", "higher", 4),
    "lfw_cosine_var": MetricSpec("LFW cosine, variance", "cosine^2", "neither", 4),
    "lfw_cosine_floor": MetricSpec("source against target, no swap", "cosine", "neither", 4),
    "lfw_cosine_ceiling": MetricSpec("same person, two pictures", "cosine", "neither", 4),
    "target_leakage": MetricSpec("Target leakage", "cosine", "lower", 4),
    "pose_error": MetricSpec("Pose error", "deg", "lower", 2),
    "pose_geodesic": MetricSpec("Rotation error", "deg", "lower", 2),
    "expression_error": MetricSpec("Expression error", "", "lower", 3),
    "shape_error": MetricSpec("Shape error", "", "lower", 3),
    "light_error": MetricSpec("Light error", "", "lower", 3),
    "gaze_error": MetricSpec("Gaze error", "deg", "lower", 2),
    "fid": MetricSpec("FID", "", "lower", 2, per_pair=False),
    "kid": MetricSpec("KID", "x1000", "lower", 3, scale=1000, per_pair=False),
    "coverage": MetricSpec("Coverage", "%", "higher", 1, scale=100),
    "latency_ms": MetricSpec("Latency", "ms", "lower", 1),
    "latency_mean_ms": MetricSpec("Latency, mean", "ms", "lower", 1, per_pair=False),
    "latency_p95_ms": MetricSpec("Latency, 95th percentile", "ms", "lower", 1, per_pair=False),
    "latency_face_ms": MetricSpec("Latency a face", "ms", "lower", 1, per_pair=False),
    "latency_ratio": MetricSpec("Latency, times the first", "", "lower", 2, per_pair=False),
    "new_source_ms": MetricSpec("Latency with the face net", "ms", "lower", 1),
    "network_ms": MetricSpec("Network alone", "ms", "lower", 1),
    "network_mean_ms": MetricSpec("Network alone, mean", "ms", "lower", 1, per_pair=False),
    "network_p95_ms": MetricSpec("Network alone, 95th percentile", "ms", "lower", 1, per_pair=False),
    "network_ratio": MetricSpec("Network, times the first", "", "lower", 2, per_pair=False),
    "network_error": MetricSpec("Network, largest difference", "", "lower", 6, per_pair=False),
    "network_gflop": MetricSpec("Network's work", "GFLOP", "neither", 2, per_pair=False),
    "limit_share": MetricSpec("Network, share of the limit", "%", "higher", 1, per_pair=False),
    "memory_mb": MetricSpec("Peak memory", "MB", "lower", 0, per_pair=False),
    "size_mb": MetricSpec("Size", "MB", "lower", 1, per_pair=False),
    "parameters": MetricSpec("Parameters", "million", "lower", 3, per_pair=False),
    "fp32_mb": MetricSpec("Parameters at fp32", "MB", "lower", 2, per_pair=False),
    "fp16_mb": MetricSpec("Parameters at fp16", "MB", "lower", 2, per_pair=False),
    "int8_mb": MetricSpec("Parameters at int8", "MB", "lower", 2, per_pair=False),
}

TIMES = (  # numbers of different machines, and of different moments, are different things
    *("latency_ms", "latency_mean_ms", "latency_p95_ms", "latency_face_ms", "latency_ratio"),
    *("new_source_ms", "network_ms", "network_mean_ms", "network_p95_ms", "network_ratio", "limit_share"),
)
IDENTITY = (
    *("id_retrieval", "id_retrieval_top5", "id_retrieval_strict", "id_similarity", "target_leakage"),
    *("lfw_cosine_mean", "lfw_cosine_var", "lfw_cosine_floor", "lfw_cosine_ceiling"),
)
METRICS: dict[str, MetricSpec] = {
    key: spec for name, spec in _ROWS.items() for key in ((name, f"{name}{SECOND}") if name in IDENTITY else (name,))
}
