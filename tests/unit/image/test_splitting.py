"""Splitting: a large layer becomes several, and each stays what it is when another changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from functions_model.image.files import FileTree, Link, TreeFile
from functions_model.image.layers import LayerPlan
from functions_model.image.splitting import LARGE_PLAN, MOST_PARTS, split

MIB = 1 << 20
NOWHERE = Path("/nowhere")


def sized(path: str, size: int) -> TreeFile:
    """A file that is never read: its length is known."""
    return TreeFile(path, NOWHERE / path, length=size)


def plan(*files: TreeFile) -> LayerPlan:
    return LayerPlan("model", FileTree.of(files), epoch=7)


def paths(parts: tuple[LayerPlan, ...]) -> list[list[str]]:
    return [[file.path for file in part.tree.files] for part in parts]


sizes = st.one_of(st.integers(0, 4 * MIB), st.integers(0, 600 * MIB), st.integers(200 * MIB, 9000 * MIB))
contents = st.one_of(sizes.map(lambda size: (NOWHERE, size)), st.just((Link("x"), 0)))
names = st.text("abc/", min_size=1, max_size=6).map(lambda text: "/".join(f"{part}-" for part in text.split("/")))
plans = st.dictionaries(names, contents, max_size=60).map(
    lambda files: LayerPlan(
        "model",
        FileTree(
            tuple(
                TreeFile(f"{path}.bin", content, length=None if isinstance(content, Link) else size)
                for path, (content, size) in sorted(files.items(), key=lambda item: f"{item[0]}.bin")
            )
        ),
    )
)


class TestWhatIsKept:
    @given(plans)
    def test_nothing_is_lost_and_nothing_is_there_twice(self, whole: LayerPlan) -> None:
        """The parts together are the plan; each is sorted, none is empty, and there are eight at most."""
        parts = split(whole)
        found = [file for part in parts for file in part.tree.files]

        assert sorted(found, key=lambda file: file.path) == list(whole.tree.files)
        assert all(part.tree == FileTree.of(part.tree.files) for part in parts)
        assert all(part.tree.files for part in parts) or parts == (whole,)
        assert 1 <= len(parts) <= MOST_PARTS

    @given(plans)
    def test_the_same_plan_is_split_the_same_way(self, whole: LayerPlan) -> None:
        """Names and sizes decide, nothing else."""
        assert split(whole) == split(replace(whole, tree=FileTree.of(reversed(whole.tree.files))))

    @given(plans)
    def test_the_parts_come_in_the_order_of_their_first_files(self, whole: LayerPlan) -> None:
        """And their names count them."""
        parts = split(whole)
        firsts = [part.tree.files[0].path for part in parts if part.tree.files]

        assert sorted(firsts) == firsts
        assert len(parts) == 1 or [f"model {n} of {len(parts)}" for n in range(1, len(parts) + 1)] == [
            part.name for part in parts
        ]


class TestWhatIsSplit:
    def test_a_small_plan_and_a_single_file_stay(self) -> None:
        """With their names."""
        small = plan(*(sized(f"f{n}", LARGE_PLAN // 8) for n in range(8)))
        single = plan(sized("weights", 10 << 30))

        assert ((small,), (single,)) == (split(small), split(single))

    def test_large_files_are_alone_and_the_rest_is_together(self) -> None:
        """A change of the small ones sends kilobytes; a change of one large file sends that file."""
        whole = plan(sized("a.bin", 300 * MIB), sized("b.json", 1), sized("c.bin", 900 * MIB), sized("d.txt", 5))
        parts = split(whole)

        assert [["a.bin"], ["b.json", "d.txt"], ["c.bin"]] == paths(parts)
        assert ["model 1 of 3", "model 2 of 3", "model 3 of 3"] == [part.name for part in parts]
        assert {7} == {part.epoch for part in parts}

    def test_eight_large_files_have_eight_parts(self) -> None:
        """There is no ninth for a rest that is not there."""
        assert [[f"f{n}"] for n in range(8)] == paths(split(plan(*(sized(f"f{n}", 5 << 30) for n in range(8)))))

    def test_too_many_large_files_share_evenly(self) -> None:
        """No part is more than twice the fair share when the files are equal."""
        parts = split(plan(*(sized(f"shard-{n:02}", 1 << 30) for n in range(20)), sized("config", 100)))

        assert MOST_PARTS == len(parts)
        assert max(part.tree.size for part in parts) <= 4 << 30

    def test_many_small_files_are_cut_into_about_equal_runs(self) -> None:
        """Neighbours stay together."""
        whole = plan(*(sized(f"f{n:05}", MIB // 4) for n in range(8000)))
        parts = split(whole)
        share = whole.tree.size / len(parts)

        assert MOST_PARTS == len(parts)
        assert [path for part in paths(parts) for path in part] == [file.path for file in whole.tree.files]
        assert all(0.7 * share < part.tree.size < 1.3 * share for part in parts)


class TestStability:
    def test_a_grown_small_file_moves_few(self) -> None:
        """Most parts hold what they held: the cuts are where names say, within a margin."""
        files = [sized(f"f{n:05}", MIB // 4) for n in range(8000)]
        before = split(plan(*files))
        after = split(plan(*files[:100], sized("f00100", 2 * MIB), *files[101:]))
        same = [path for path in paths(after) if path in paths(before)]

        assert len(before) - 1 <= len(same)

    def test_a_change_within_a_large_file_is_a_change_of_its_part(self) -> None:
        """A file that grows by some bytes leaves the others where they were."""
        rest = [sized("a", 700 * MIB), sized("c", 400 * MIB), sized("d", 10)]
        before, after = (split(plan(*rest, sized("b", 600 * MIB + more))) for more in (0, 12345))

        assert paths(before) == paths(after)
