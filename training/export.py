"""Write the trained network as one ONNX graph, its weights stored in half precision."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from classifier.artefact import GRAPH, TOKENIZER
from training.encoder import PassageNetwork, padded

_SMALL = 1024


def export(network: PassageNetwork, folder: Path) -> None:
    """Write the graph (inputs `input_ids`, `attention_mask`; output `logits`) and the tokenizer into a folder."""
    network.eval()
    network.encoder.set_attn_implementation("sdpa")
    ids, mask = (
        padded([[101, 7592, 2088, 102], [101, 102]])
        if network.tokenizer.get_vocab_size() > 7592
        else padded([[0, 1, 2, 3], [0, 1]])
    )
    rows, tokens = torch.export.Dim("rows", min=1, max=4096), torch.export.Dim("tokens", min=2, max=512)
    shapes = {0: rows, 1: tokens}
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            network, (ids, mask), dynamo=True, verbose=False, input_names=["input_ids", "attention_mask"], output_names=["logits"],
            dynamic_shapes={"input_ids": shapes, "attention_mask": shapes}, optimize=True,
        )  # fmt: skip
    assert program is not None
    model = program.model_proto
    _halve(model)
    (folder / GRAPH).write_bytes(model.SerializeToString())
    network.tokenizer.save(str(folder / TOKENIZER))


def _halve(model: onnx.ModelProto) -> None:
    """Store large float weights as 16-bit with a cast in front of their use: half the size, and the same graph to compute."""
    casts: list[onnx.NodeProto] = []
    for weight in model.graph.initializer:
        if weight.data_type == TensorProto.FLOAT and int(np.prod(weight.dims)) >= _SMALL:
            name = weight.name
            stored = numpy_helper.from_array(numpy_helper.to_array(weight).astype(np.float16), f"{name}.half")
            weight.CopyFrom(stored)
            casts.append(helper.make_node("Cast", [f"{name}.half"], [name], name=f"{name}.cast", to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    # Names and traces of the exporter only add to the size.
    for node in model.graph.node:
        node.ClearField("doc_string")
        del node.metadata_props[:]
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    del model.graph.value_info[:]
