"""fsbench measures face-swap models the way the papers say they do, and says exactly how."""

__version__ = "0.1.0"
