"""Playlists: what every player reads first, and what a live page reads again and again."""

from contextlib import ExitStack

from bench.api import floor_environment
from bench.load import Lane, Shots, compare
from bench.seed import Population, populated
from bench.servers import Site
from bench.tables import Row, Target, report

_TARGET = Target("≥", 0.7)
_WARM_UP = 8.0  # seconds, in which each playlist is written once and kept


def run(site: Site, *, seconds: float, rounds: int) -> None:
    """Prints the table."""
    population = populated(site.postgres)
    environment = floor_environment(population)
    rows = []
    with ExitStack() as servers:
        ours = servers.enter_context(site.api(population.url))
        for figure, target, shots in _cases(population):
            with site.granian("floor", f"bench.floor:{target}", environment) as floor:
                lanes = [Lane(ours, shots, _WARM_UP), Lane(floor, shots)]
                load, bare = compare(lanes, site.folder, seconds=seconds, rounds=rounds, label=figure)
            rows += [
                Row(figure, load.rate, "req/s", "same SQL, constant text", bare.rate, _TARGET),
                Row("  p99", load.p99, "ms", "same SQL, constant text", bare.p99),
            ]
    notes = [
        f"Many: {len(population.playable):,} in turn, too many for the facts of the last second. "
        "One: the film that everybody watches."
    ]
    report("playlists", "Playlists", rows, notes, site.folder)


def _cases(population: Population) -> list[tuple[str, str, Shots]]:
    videos = population.playable
    masters = [f"/playback/{video}/master.m3u8" for video in videos]
    media = [f"/playback/{video}/r1/v720/playlist.m3u8" for video in videos]
    return [
        ("master.m3u8 of many", "master", Shots("GET", masters)),
        ("playlist.m3u8 of many", "media", Shots("GET", media)),
        ("playlist.m3u8 of one", "media", Shots("GET", media[:1])),
    ]
