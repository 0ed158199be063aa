"""`trackboard compute`: where jobs run, and who waits for what."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trackboard.cli import formatting
from trackboard.cli.completing import complete_compute
from trackboard.cli.table import Column, print_table
from trackboard.cli.workspace_option import folder_option, opened
from trackboard.errors import Conflict, NotFound
from trackboard.service import wire

if TYPE_CHECKING:
    from trackboard.launch.queue.waiting import WaitingJob
    from trackboard.model import Compute
    from trackboard.service import Service

_KIND = "AmlCompute"  # the SDK's word for a cluster
_COLUMNS = (
    Column("NAME", enough=12),
    Column("NODES", drop=5),
    Column("BUSY", drop=4),
    Column("WAITING", drop=3),
    Column("KIND", drop=2),
    Column("DESCRIPTION", enough=8, drop=1),
)
_QUEUE = (
    Column("RUN", enough=16),
    Column("COMPUTE", enough=10),
    Column("PLACE", drop=3),
    Column("QUEUED", drop=2),
    Column("WAITS FOR", enough=12, drop=4),
)
_nodes = click.option(
    "--nodes", type=int, metavar="N", required=True, help="So many jobs at once; 0: all wait."
)
_wide = click.option("--wide", is_flag=True, help="Whole names, also where a terminal is narrow.")
_name = click.argument("name", shell_complete=complete_compute)


@click.group()
def compute() -> None:
    """Create, list, change and delete clusters, and say who waits for what.

    A cluster is a number of slots of this machine, unless trackboard.toml gives it another engine. `local`
    is always there, starts every job at once, and is not listed.
    """


@compute.command("list")
@_wide
@click.option("--json", "as_json", is_flag=True, help="One line of JSON for each cluster.")
@folder_option
def list_(folder: Path | None, *, wide: bool, as_json: bool) -> None:
    """List the clusters."""
    with opened(folder) as service:
        facts = [_facts(service, each) for each in service.compute.list()]
    if as_json:
        for each in facts:
            click.echo(json.dumps(each))
    elif facts:
        keys = ("name", "nodes", "busy", "waiting", "kind", "description")
        rows = [[formatting.clean(str(each[key])) for key in keys] for each in facts]
        print_table(_COLUMNS, rows, is_whole=wide)
    else:
        click.echo("no clusters: trackboard compute create NAME --nodes 2 makes one")


@compute.command()
@click.argument("name")
@_nodes
@click.option("--description", default="", metavar="TEXT", help="What it is for.")
@folder_option
def create(name: str, nodes: int, description: str, folder: Path | None) -> None:
    """Create a cluster, also in a workspace that is not there yet."""
    from contextlib import closing

    from trackboard.config import find_location
    from trackboard.model import Compute, check_compute
    from trackboard.service import open_service

    made = check_compute(
        Compute(name, _KIND, "", 0, nodes, 0, time.time(), {}, description=description)
    )
    with closing(open_service(find_location(folder))) as service:
        if service.compute.find(name) is not None:
            raise Conflict(
                f"there is a cluster {name!r} already",
                hint=f"trackboard compute update {name} --nodes {nodes} changes it.",
            )
        service.compute.set(made)
    click.echo(f"{name}  {formatting.count(nodes, 'node')}; trackboard submit --compute {name} ...")


@compute.command()
@_name
@_nodes
@folder_option
def update(name: str, nodes: int, folder: Path | None) -> None:
    """Change how many nodes a cluster has; jobs that run go on."""
    from trackboard.model import check_compute

    with opened(folder) as service:
        known = _get(service, name)
        service.compute.set(check_compute(replace(known, max_nodes=nodes, modified_s=time.time())))
        service.jobs.advance_queue()
    click.echo(f"{name}  {formatting.count(nodes, 'node')}")


@compute.command()
@_name
@folder_option
def delete(name: str, folder: Path | None) -> None:
    """Delete a cluster that no job runs on or waits for."""
    with opened(folder) as service:
        _get(service, name)
        service.jobs.advance_queue()  # it lets go of jobs whose processes are gone
        service.compute.delete(name)
    click.echo(f"deleted {name}")


@compute.command()
@click.argument("name", required=False, shell_complete=complete_compute)
@_wide
@click.option("--json", "as_json", is_flag=True, help="One line of JSON for each job.")
@folder_option
def queue(name: str | None, folder: Path | None, *, wide: bool, as_json: bool) -> None:
    """Say which jobs run and which wait, for all clusters or for NAME, and for what they wait."""
    with opened(folder) as service:
        if name is not None and name != "local":
            _get(service, name)
        found = service.jobs.list_queue(name)
        runs = service.runs.list(ids=[each.job.run for each in found])
        names = service.runs.name(runs)
    if as_json:
        for each in found:
            click.echo(json.dumps(wire.queue_facts(each, names.get(each.job.run, each.job.run))))
    elif found:
        rows = [_queue_row(each, names.get(each.job.run, each.job.run)) for each in found]
        print_table(_QUEUE, rows, is_whole=wide)
    else:
        click.echo("no jobs")


def _get(service: Service, name: str) -> Compute:
    """The cluster of that name.

    Raises:
        NotFound: There is none; those that there are are listed.
    """
    found = service.compute.find(name)
    if found is None:
        names = ", ".join(each.name for each in service.compute.list()) or "none"
        raise NotFound(
            f"there is no cluster {name!r} in {service.folder}",
            hint=f"There is: {names}. trackboard compute create {name} --nodes 2 makes it.",
        )
    return found


def _facts(service: Service, of: Compute) -> wire.Json:
    waiting = [each for each in service.jobs.list_queue(of.name) if each.number]
    return wire.compute_facts(of, service.compute.list_nodes(of), waiting)


def _queue_row(waiting: WaitingJob, name: str) -> list[str]:
    return [
        formatting.clean(name),
        waiting.job.compute,
        str(waiting.number or "started"),
        formatting.moment(waiting.job.submitted_s),
        formatting.clean(waiting.reason),
    ]
