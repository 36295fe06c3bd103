"""Writes the request and result bodies that codecs are tested with to test/sdk/recorded/ (hex, 64 digits a line).

The bytes come from the SDK's own converters, so they are what a client of that version sends or accepts. Run it with
the Python of .venv-sdk-<version>; the file names carry the version. `npx prettier --write test/sdk/recorded` follows.
"""

import dataclasses
import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import zstandard
from tinker import types
from tinker.proto import request_conv
from tinker.proto import tinker_public_pb2 as pb
from tinker.proto.response_conv import deserialize_proto_response

FOLDER = Path(__file__).parent / "recorded"
SDK = version("tinker")


def write(name: str, data: bytes, meaning: dict) -> None:
    digits = data.hex()
    lines = [digits[at : at + 64] for at in range(0, len(digits), 64)]
    (FOLDER / f"{name}-{SDK}.hex").write_text("\n".join(lines) + "\n")
    (FOLDER / f"{name}-{SDK}.json").write_text(json.dumps(meaning, indent=2) + "\n")


def request(data, loss_fn, config=None, forward_only=False):
    fields = {"forward_backward_input": types.ForwardBackwardInput(data=data, loss_fn=loss_fn, loss_fn_config=config)}
    fields |= {"model_id": "s1:train:0", "seq_id": 7}
    if "forward_only" in {f.name for f in dataclasses.fields(types.ForwardBackwardRequest)}:
        fields["forward_only"] = forward_only
    message = request_conv.forward_backward_request_to_proto(types.ForwardBackwardRequest(**fields))
    message.forward_only = forward_only
    return message.SerializeToString(deterministic=True)


def text(*chunks):
    return types.ModelInput(chunks=[types.EncodedTextChunk(tokens=list(tokens)) for tokens in chunks])


def dense(values, dtype, shape):
    return types.TensorData(data=values, dtype=dtype, shape=shape)


def forward_backward():
    datum = types.Datum(
        model_input=text([1, 2], [3]),
        loss_fn_inputs={
            "target_tokens": dense([2, 3, 4], "int64", [3]),
            "weights": dense([0.0, 1.0, -0.5], "float32", [3]),
        },
    )
    meaning = {
        "model_id": "s1:train:0",
        "seq_id": 7,
        "loss_fn": "cross_entropy",
        "tokens": [1, 2, 3],
        "target_tokens": [2, 3, 4],
        "weights": [0, 1, -0.5],
    }
    plain = request([datum], "cross_entropy")
    write("forward-backward", plain, meaning)
    write("forward-backward-zstd", zstandard.compress(plain), meaning)
    write("forward-only", request([datum], "cross_entropy", forward_only=True), meaning | {"forward_only": True})


def ppo():
    datum = types.Datum(
        model_input=text([5, 6]),
        loss_fn_inputs={
            "target_tokens": dense([6, 7], "int64", [2]),
            "logprobs": dense([-1.5, -0.25], "float32", [2]),
            "advantages": dense([0.5, -2.0], "float32", [2]),
        },
    )
    config = {"clip_low_threshold": 0.9, "clip_high_threshold": 1.1}
    meaning = {"loss_fn": "ppo", "config": config, "logprobs": [-1.5, -0.25], "advantages": [0.5, -2]}
    write("ppo", request([datum], "ppo", config), meaning)


def sparse():
    datum = types.Datum(
        model_input=text([1, 2, 3]),
        loss_fn_inputs={
            "target_tokens": types.TensorData(
                data=[9, 8, 7],
                dtype="int64",
                shape=[3, 4],
                sparse_crow_indices=[0, 1, 1, 3],
                sparse_col_indices=[2, 0, 3],
            ),
            "weights": types.TensorData(
                data=[1.0, 0.5],
                dtype="float32",
                shape=[3, 4],
                sparse_crow_indices=[0, 1, 1, 2],
                sparse_col_indices=[2, 0],
            ),
        },
    )
    meaning = {
        "target_tokens": [[0, 0, 9, 0], [0, 0, 0, 0], [8, 0, 0, 7]],
        "weights": [[0, 0, 1, 0], [0, 0, 0, 0], [0.5, 0, 0, 0]],
    }
    write("sparse", request([datum], "cross_entropy"), meaning)


def image():
    picture = types.ImageChunk(data=b"\x89PNG", format="png")
    datum = types.Datum(
        model_input=types.ModelInput(chunks=[picture, types.EncodedTextChunk(tokens=[1])]),
        loss_fn_inputs={"target_tokens": dense([1], "int64", [1])},
    )
    write("image", request([datum], "cross_entropy"), {"refused": "image"})


def output():
    """Built by hand and read back with the SDK, so the bytes are ones it accepts."""
    logprobs = np.array([-0.5, -1.0, -2.0], dtype="<f4")
    message = pb.ForwardBackwardOutput(loss_fn_output_type="ArrayRecord", metrics={"loss:sum": 3.5})
    record = message.loss_fn_outputs.add(type_tag="ArrayRecord", num_datums=2)
    field = record.fields["logprobs"]
    field.data, field.dtype = logprobs.tobytes(), pb.DTYPE_FLOAT32
    field.offsets = np.array([0, 8, 12], dtype="<i8").tobytes()
    data = message.SerializeToString(deterministic=True)
    read = deserialize_proto_response(data, types.ForwardBackwardOutput)
    assert [list(o["logprobs"].data) for o in read.loss_fn_outputs] == [[-0.5, -1.0], [-2.0]], read
    write("forward-backward-output", data, {"logprobs": [[-0.5, -1.0], [-2.0]], "metrics": {"loss:sum": 3.5}})


def sample():
    message = pb.SampleResponse(prompt_logprobs=np.array([np.nan, -0.5], dtype="<f4").tobytes())
    message.sequences.add(
        stop_reason=pb.STOP_REASON_LENGTH,
        tokens=np.array([3, 4], dtype="<i4").tobytes(),
        logprobs=np.array([-0.25, -0.75], dtype="<f4").tobytes(),
    )
    topk = message.topk_prompt_logprobs
    topk.token_ids = np.array([0, 0, 5, 6], dtype="<i4").tobytes()
    topk.logprobs = np.array([-99999, -99999, -0.5, -1.0], dtype="<f4").tobytes()
    topk.k = 2
    setattr(topk, "length" if hasattr(topk, "length") else "prompt_length", 2)
    data = message.SerializeToString(deterministic=True)
    read = deserialize_proto_response(data, types.SampleResponse)
    assert read.prompt_logprobs == [None, -0.5] and read.topk_prompt_logprobs == [None, [(5, -0.5), (6, -1.0)]], read
    meaning = {"stop_reason": "length", "tokens": [3, 4], "logprobs": [-0.25, -0.75]}
    meaning |= {"prompt_logprobs": [None, -0.5], "topk_prompt_logprobs": [None, [[5, -0.5], [6, -1.0]]]}
    write("sample-response", data, meaning)


def tensor(values, kind, shape):
    dtype = {"<i4": pb.DTYPE_INT32, "<f4": pb.DTYPE_FLOAT32}[kind]
    return pb.Tensor(dense=np.array(values, dtype=kind).tobytes(), dtype=dtype, shape=shape)


def add_sequence(message, reason, tokens, logprobs, best, best_logprobs):
    sequence = message.sequences.add(
        stop_reason=reason,
        tokens=np.array(tokens, dtype="<i4").tobytes(),
        logprobs=np.array(logprobs, dtype="<f4").tobytes(),
    )
    top = sequence.topk_sampled_logprobs
    top.token_ids = np.array(best, dtype="<i4").tobytes()
    top.logprobs = np.array(best_logprobs, dtype="<f4").tobytes()
    top.k, top.length = 2, len(tokens)


def scores():
    """What a sampling request of 0.38 or later can ask for beside the continuations."""
    if not hasattr(pb, "PromptAltTokens"):
        return
    message = pb.SampleResponse()
    add_sequence(message, pb.STOP_REASON_STOP, [4], [-0.5], [4, 1], [-0.5, -3.0])
    add_sequence(message, pb.STOP_REASON_LENGTH, [5, 6], [-0.25, -1.0], [5, 2, 3, 6], [-0.25, -4.0, -0.75, -1.0])
    message.prompt_alt_tokens.tokens.CopyFrom(tensor([7, 8, 9, 9], "<i4", [2, 2]))
    message.prompt_alt_tokens.logprobs.CopyFrom(tensor([-1.0, -2.0, -3.0, -3.0], "<f4", [2, 2]))
    targets = tensor([-2.0, 0.0], "<f4", [2, 1])
    sparse_targets = pb.Tensor(dtype=pb.DTYPE_FLOAT32, shape=[2, 4])
    sparse_targets.sparse_csr.values = targets.dense
    sparse_targets.sparse_csr.crow_indices = np.array([0, 1, 2], dtype="<i8").tobytes()
    sparse_targets.sparse_csr.col_indices = np.array([3, 1], dtype="<i8").tobytes()
    for name, asked in (("sample-scores", targets), ("sample-scores-sparse", sparse_targets)):
        message.target_prompt_logprobs.CopyFrom(asked)
        data = message.SerializeToString(deterministic=True)
        read = deserialize_proto_response(data, types.SampleResponse)
        best = [sequence.topk_logprobs for sequence in read.sequences]
        assert best == [[[(4, -0.5), (1, -3.0)]], [[(5, -0.25), (2, -4.0)], [(3, -0.75), (6, -1.0)]]], best
        alternatives = read.prompt_alt_tokens
        assert alternatives.tokens.tolist() == [[7, 8], [9, 9]], alternatives
        scored = read.target_prompt_logprobs
        indices = {"sparse_crow_indices": scored.sparse_crow_indices, "sparse_col_indices": scored.sparse_col_indices}
        meaning = {
            "sequences": [{"topk_logprobs": rows} for rows in best],
            "target_prompt_logprobs": {"data": scored.data, "dtype": scored.dtype, "shape": scored.shape}
            | {name: values for name, values in indices.items() if values is not None},
            "prompt_alt_tokens": {
                name: {"data": values.data, "dtype": values.dtype, "shape": values.shape}
                for name, values in (("tokens", alternatives.tokens), ("logprobs", alternatives.logprobs))
            },
        }
        write(name, data, meaning)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for recording in (forward_backward, ppo, sparse, image, output, sample, scores):
        recording()
    print(f"recorded with tinker {SDK}", file=sys.stderr)
