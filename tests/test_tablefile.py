"""A table in a file: what is told of one that pandas would read in silence."""

import gzip

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from logit_inference.design.frame import as_frame
from logit_inference.errors import FileError
from logit_inference.tablefile import read_table


@pytest.mark.parametrize(
    ("content", "path"),
    [
        (b"y,age,lwt,age\n0,1,2,3\n", "a.csv"),
        (b"y\tage\tlwt\tage\n0\t1\t2\t3\n", "a.tsv"),
        (b"\n\xef\xbb\xbfy,age,lwt,age\n"[1:], "a.csv"),
        (b'"y","age","lwt","age"\n0,1,2,3\n', "-"),
        (gzip.compress(b"y,age,lwt,age\n0,1,2,3\n", mtime=0), "a.csv.gz"),
        (b"y,age,lwt,age,age.1\n0,1,2,3,4\n", "a.csv"),
    ],
)
def test_two_columns_of_one_name(content, path):
    with pytest.raises(FileError, match="columns 2 and 4 are all called 'age'") as caught:
        read_table(content, path)
    assert caught.value.path == path


def test_names_that_only_look_like_a_repetition():
    table = read_table(b",age,age.1,NA,\n1,2,3,4,5\n", "a.csv")
    assert list(table.columns)[1:4] == ["age", "age.1", "NA"]
    assert table.iloc[0].tolist() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\x00\xff\xfe"])
def test_what_is_no_table(content):
    with pytest.raises(FileError):
        read_table(content, "a.csv")


def test_a_dictionary_without_declared_order_has_sorted_levels(tmp_path):
    text = pa.array(["c", "a", "b", "a"]).dictionary_encode()
    declared = pd.DataFrame({"g": pd.Categorical(["c", "a", "b", "a"], ["c", "b", "a"])})
    for table, first in ((pa.table({"g": text}), "a"), (pa.Table.from_pandas(declared), "c")):
        parquet.write_table(table, tmp_path / "g.parquet")
        frame = read_table((tmp_path / "g.parquet").read_bytes(), "g.parquet")
        assert as_frame(frame).column("g").levels[0] == first
