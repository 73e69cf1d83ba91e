"""Logs of benchmark tools on phones: samples in the form that the tools print, read as passes or refused."""

import re
import typing
from pathlib import Path

import pytest

from fsbench.errors import DataError
from fsbench.exports.device_log import passes_of
from fsbench.protocols.device_times import DeviceFile, DeviceTimes

# The form of TensorFlow Lite's benchmark_model, as its users print it in issues; names and times changed.
LITERT = """STARTING!
Log parameter values verbosely: [0]
Min num runs: [1]
Num threads: [4]
Graph: [/data/local/tmp/generator.fp16.tflite]
#threads used for CPU inference: [4]
Loaded model /data/local/tmp/generator.fp16.tflite
INFO: Created TensorFlow Lite XNNPACK delegate for CPU.
The input model file size (MB): 5.13
Initialized session in 17.187ms.
Running benchmark for at least 10 iterations and at least 0 seconds but terminate if exceeding 150 seconds.
count=10 first=249042 curr=250889 min=247067 max=254474 avg=249684 std=1442

Running benchmark for at least 1 iterations and at least 0 seconds but terminate if exceeding 150 seconds.
count=1 curr={time}

Inference timings in us: Init: 17187, First inference: 249042, Warmup (avg): 249684, Inference (avg): {time}
Note: as the benchmark tool itself affects memory footprint, the following is only APPROXIMATE to the actual memory
Memory footprint delta from the start of the tool (MB): init=4.21094 overall=46.0859
"""
# The form of benchncnn's README.
NCNN = """[0 Adreno (TM) 640]  queueC=0[3]  queueG=0[3]  queueT=0[3]
[0 Adreno (TM) 640]  fp16p=1  fp16s=0  fp16a=1  int8s=0  int8a=0
loop_count = {loops}
num_threads = 4
powersave = 2
gpu_device = -1
cooling_down = 0
generator.fp32.ncnn.param  min =  {time}  max =  {time}  avg =  {time}
"""


def test_each_call_of_benchmark_model_is_a_pass_in_milliseconds():
    found = passes_of(LITERT.format(time=135201) + LITERT.format(time="1.34e+05"))
    assert found.times_ms == pytest.approx((135.201, 134.0))
    assert (found.framework, found.warmup, found.threads) == ("LiteRT", 10, 4)
    assert found.network == "generator.fp16.tflite"


def test_a_log_with_the_prefix_of_android_and_percentiles_is_read_too():
    lines = LITERT.format(time=140990).replace("count=1 curr=140990", "count=1 curr=140990 p5=140990 median=140990")
    found = passes_of("\n".join(f"I tflite  : {line}" for line in lines.splitlines()))
    assert (found.times_ms, found.warmup, found.threads) == ((140.99,), 10, 4)


def test_each_call_of_benchncnn_is_a_pass_after_eight():
    found = passes_of(NCNN.format(loops=1, time="135.20") + NCNN.format(loops=1, time=" 98.75"))
    assert found.times_ms == (135.2, 98.75)
    assert (found.framework, found.warmup, found.threads) == ("ncnn", 8, 4)
    assert found.network == "generator.fp32.ncnn.param"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            LITERT.format(time=1).replace("count=1 curr=1", "count=50 first=9 curr=8 min=7 max=9 avg=8 std=1"),
            "counted 50 passes",
        ),
        (NCNN.format(loops=8, time="5.00"), "counted 8 passes"),
        (LITERT.format(time=5) + LITERT.format(time=5).replace("threads: [4]", "threads: [2]"), "threads 4 and 2"),
        (
            NCNN.format(loops=1, time=5) + NCNN.format(loops=1, time=5).replace("generator", "other"),
            "network generator",
        ),
        (NCNN.format(loops=1, time=5).rpartition("generator")[0], "names its settings and no times"),
        ("Inference timings in us: Init: 3", "without a line 'count='"),
        ("adb: device offline", "found no times"),
    ],
)
def test_what_is_no_list_of_passes_is_refused(text, said):
    with pytest.raises(DataError, match=said):
        passes_of(text)


def test_the_swift_file_writes_the_keys_that_are_read():
    text = (Path(__file__).parents[3] / "docs" / "device-kit" / "CoreMLTimes.swift").read_text(encoding="utf-8")
    keys = re.findall(r"^    var (\w+)", text.partition("struct DeviceTimes")[2].partition("}")[0], re.MULTILINE)
    fields = DeviceTimes.model_fields
    assert set(keys) <= set(fields)
    assert {name for name, field in fields.items() if field.is_required()} <= set(keys)
    assert f'"{typing.get_args(DeviceFile.model_fields["format"].annotation)[0]}"' in text
