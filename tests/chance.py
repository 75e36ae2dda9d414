"""Graphs of every shape under events in every order, and what must hold whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise

from hypothesis import strategies as st
from moving import Yard

from runyard.core import graph, queue
from runyard.core.errors import InvalidRequest, LimitReached
from runyard.core.job import Job, RunIf, Task
from runyard.core.queue import Overflow
from runyard.core.run import NEXT, ON_A_PROCESS, Attempt, Outcome, Repair, Run, State
from runyard.engine.memory import Memory
from runyard.engine.moves import Moves, first_run_record
from runyard.engine.scheduler import due
from runyard.store.ledger import Ledger
from runyard.store.store import Store

ENDS = [Outcome.SUCCEEDED, Outcome.SUCCEEDED, Outcome.FAILED, Outcome.CANCELLED, Outcome.TIMED_OUT, Outcome.CRASHED]
KINDS = ["python_script", "python_script", "condition", "for_each", "run_job"]
PLACES = 3
STATES = {state.value: state for state in State}
WAITS_FOR_ITSELF = "waits for itself"


@st.composite
def tasks_of_a_run(draw: st.DrawFn, *, kinds: list[str] = KINDS, most: int = 11) -> tuple[Task, ...]:
    """Tasks that depend on some of the two before them; runs of eight and more are remembered as a whole."""
    size = draw(st.integers(1, most))
    return tuple(_task(draw, number, kinds) for number in range(size))


def _task(draw: st.DrawFn, number: int, kinds: list[str]) -> Task:
    upstream = tuple(str(one) for one in range(max(0, number - 2), number) if draw(st.booleans()))
    return Task(
        key=str(number),
        kind=draw(st.sampled_from(kinds)),
        depends_on=upstream,
        branch={key: draw(st.sampled_from(["true", "false"])) for key in upstream if draw(st.integers(0, 5)) == 0},
        run_if=draw(st.sampled_from(RunIf)),
        max_retries=draw(st.sampled_from([0, 0, 1, -1])),
        retry_wait_ms=draw(st.sampled_from([0, 500])),
        retries_timeout=draw(st.booleans()),
    )


class World:
    """One history on several ledgers, of which only the first one's server remembers anything between its moves."""

    def __init__(self, *yards: Yard) -> None:
        self.yards = yards
        self.runs: list[int] = []
        self.jobs: list[Job] = []
        self.words: dict[int, set[tuple[int, bool]]] = {}  # by attempt, what its process said: when, and if it goes on

    def change(self, work: Callable[[Moves], object]) -> str:
        """Make the same moves in each ledger, or none in any, with the same answer."""
        for yard in self.yards[1:]:
            yard.memory = Memory()
        answers = [_answer(yard, work) for yard in self.yards]
        assert answers == answers[:1] * len(answers)
        return answers[0]

    def read(self) -> Iterator[tuple[Run, list[Attempt]]]:
        yard = self.yards[0]
        found = [yard.store.read(partial(Ledger.run_anywhere, run_id=one)) for one in self.runs]
        return ((run, yard.attempts(run)) for run in found if run)

    def attempts(self, *states: State, has_process: bool) -> list[Attempt]:
        """Return the newest attempts in some states, of tasks with a process or without."""
        return [
            one
            for run, attempts in self.read()
            for one in graph.newest(attempts).values()
            if one.state in states and _task_of(run, one).has_process is has_process
        ]

    def pass_time(self, ms: int) -> None:
        for yard in self.yards:
            yard.now += ms
        self.change(due)


def _answer(yard: Yard, work: Callable[[Moves], object]) -> str:
    try:
        yard.change(work)
    except LimitReached:
        return "limit reached"
    except InvalidRequest:
        return WAITS_FOR_ITSELF
    return "done"


def _task_of(run: Run, attempt: Attempt) -> Task:
    return next(task for task in run.tasks if task.key == attempt.task_key)


# what may happen


def start(world: World, data: st.DataObject) -> None:
    job = data.draw(st.sampled_from([None, *world.jobs]))
    at_once = data.draw(st.sampled_from([None, None, 1, 2]))
    run = _record(world, data.draw(tasks_of_a_run()), job, tasks_at_once=at_once, **_times(world, data))
    overflow = data.draw(st.sampled_from(Overflow))
    limit = job.max_concurrent_runs if job else None
    world.change(lambda moves: moves.start(run, limit=limit, overflow=overflow))


def _times(world: World, data: st.DataObject) -> dict[str, int | None]:
    now = world.yards[0].now
    return {
        "timeout_ms": data.draw(st.sampled_from([None, 2_000])),
        "notify_at": data.draw(st.sampled_from([None, now + 1_000, now + 2_000])),
        "wait_until": now + data.draw(st.sampled_from([2_000, 5_000])),
    }


def _record(world: World, tasks: tuple[Task, ...], job: Job | None = None, **facts: object) -> Run:
    number = _next_id(world)
    world.runs.append(number)
    now = world.yards[0].now
    return first_run_record(
        tasks, id=number, workspace_id=1, job_id=job.id if job else None, job_name="job", language="glue",
        created_at=now, updated_at=now, attempt_at=now, **facts,
    )  # fmt: skip


def _next_id(world: World) -> int:
    [number] = {yard.ids.next() for yard in world.yards}
    return number


def begin(world: World, data: st.DataObject) -> None:
    if attempts := world.attempts(State.STARTING, has_process=True):
        one = data.draw(st.sampled_from(attempts))
        world.change(lambda moves: moves.started(one.id, at=moves.clock()))


def end(world: World, data: st.DataObject) -> None:
    if attempts := world.attempts(*sorted(ON_A_PROCESS), has_process=True):
        one = data.draw(st.sampled_from(attempts))
        stopping = one.state is State.STOPPING
        outcome = data.draw(st.just(Outcome.CANCELLED) if stopping else st.sampled_from(ENDS))
        world.change(lambda moves: moves.finished(one.id, outcome, at=moves.clock(), facts={}))


def conduct(world: World, data: st.DataObject) -> None:
    if attempts := world.attempts(State.STARTING, has_process=False):
        one = data.draw(st.sampled_from(attempts))
        run = world.yards[0].store.read(lambda ledger: ledger.run_anywhere(one.run_id))
        assert run is not None
        if _task_of(run, one).kind == "condition" or data.draw(st.integers(0, 4)) == 0:
            decide(world, one, data.draw(st.sampled_from(["true", "false", None])))
        elif start_child(world, run, one, data) == WAITS_FOR_ITSELF:
            decide(world, one, None)


def decide(world: World, one: Attempt, result: str | None) -> None:
    outcome = Outcome.SUCCEEDED if result else Outcome.FAILED
    world.change(
        lambda moves: moves.finished(
            one.id, outcome, at=moves.clock(), started_at=moves.clock(), facts={"output": {"result": result}}
        )
    )


def start_child(world: World, above: Run, parent: Attempt, data: st.DataObject) -> str:
    # Jobs that start each other in a circle may wait for each other; a job that starts itself is refused.
    job = data.draw(st.sampled_from([None, *(one for one in world.jobs if one.id >= (above.job_id or 0))]))
    tasks = data.draw(tasks_of_a_run(kinds=["python_script", "condition"], most=4))
    at_once = data.draw(st.sampled_from([None, 1]))
    facts = {"parent_attempt_id": parent.id, "tasks_at_once": at_once, **_times(world, data)}
    run = _record(world, tasks, job, **facts)
    limit = job.max_concurrent_runs if job else None
    overflow = data.draw(st.sampled_from([Overflow.QUEUE, Overflow.SKIP]))
    return world.change(lambda moves: moves.start_child(run, limit=limit, overflow=overflow))


def stop_run(world: World, data: st.DataObject) -> None:
    if runs := [run.id for run, _ in world.read() if run.state is not State.ENDED]:
        one = data.draw(st.sampled_from(runs))
        world.change(lambda moves: moves.stop(_known(moves.ledger, one)))


def stop_attempt(world: World, data: st.DataObject) -> None:
    attempts = [one for _, found in world.read() for one in graph.newest(found).values()]
    if alive := [one for one in attempts if one.state is not State.ENDED]:
        one = data.draw(st.sampled_from(alive))
        world.change(lambda moves: moves.stop_attempt(one.id))


def repair(world: World, data: st.DataObject) -> None:
    if ended := [run for run, attempts in world.read() if run.state is State.ENDED and attempts]:
        run = data.draw(st.sampled_from(ended))
        keys = data.draw(st.sets(st.sampled_from([task.key for task in run.tasks]), min_size=1))
        asked = Repair(
            id=_next_id(world), run_id=run.id, number=0, task_keys=tuple(sorted(keys)), created_at=world.yards[0].now
        )
        world.change(
            lambda moves: moves.repair(_known(moves.ledger, run.id), asked, tasks=run.tasks, settings={}) and None
        )


def change_limit(world: World, data: st.DataObject) -> None:
    if world.jobs:
        number = data.draw(st.integers(0, len(world.jobs) - 1))
        job = world.jobs[number] = replace(
            world.jobs[number], max_concurrent_runs=data.draw(st.sampled_from([None, 1, 2]))
        )

        def change(moves: Moves) -> None:
            moves.ledger.save_job(job)
            moves.admit_held(job.id, limit=job.max_concurrent_runs)

        world.change(change)


def call(world: World, data: st.DataObject) -> None:
    """The code of a task starts a run and waits for it, as others may at the same time."""
    if attempts := world.attempts(State.RUNNING, has_process=True):
        one = data.draw(st.sampled_from(attempts))
        run = _record(world, data.draw(tasks_of_a_run(most=2)), awaited_by=one.id)
        world.change(lambda moves: moves.start(run, limit=None, overflow=Overflow.QUEUE))


def say_word(world: World, data: st.DataObject) -> None:
    """A process says that it waits for its turn, or goes on; the word may come late, twice, or of one that ended."""
    if attempts := world.attempts(*sorted(ON_A_PROCESS), State.ENDED, has_process=True):
        at = world.yards[0].now - data.draw(st.sampled_from([0, 0, 0, 1, 1_000]))
        tell(world, data.draw(st.sampled_from(attempts)), (at, data.draw(st.booleans())))


def tell(world: World, one: Attempt, word: tuple[int, bool]) -> None:
    if one.state in ON_A_PROCESS:
        world.words.setdefault(one.id, set()).add(word)
    world.change(lambda moves: (moves.goes_on if word[1] else moves.waits)(one.id, at=word[0]))


def remove_job(world: World, data: st.DataObject) -> None:
    if world.jobs and data.draw(st.integers(0, 3)) == 0:
        job = world.jobs.pop(data.draw(st.integers(0, len(world.jobs) - 1)))
        world.change(lambda moves: moves.ledger.remove_job(job) and None)


def add_job(world: World, data: st.DataObject) -> None:
    number, limit, now = _next_id(world), data.draw(st.sampled_from([None, 1, 2])), world.yards[0].now
    job = Job(
        id=number, workspace_id=1, name=f"job {number}", language="glue", settings={}, tasks=(),
        max_concurrent_runs=limit, created_at=now, updated_at=now,
    )  # fmt: skip
    world.jobs.append(job)
    world.change(lambda moves: moves.ledger.add_job(job) and None)


def wait(world: World, data: st.DataObject) -> None:
    world.pass_time(data.draw(st.sampled_from([1, 500, 3_000])))


def start_again(world: World, data: st.DataObject) -> None:
    """A server dies; the next one finds a launcher that knows some of its attempts."""
    mine = world.yards[0].store.read(lambda ledger: ledger.attempts_on_process("here"))
    lost = [one for one in mine if data.draw(st.booleans())]
    world.change(lambda moves: moves.forget_waits())
    world.change(lambda moves: moves.take_up(lost))
    for one in [one for one in world.attempts(*sorted(ON_A_PROCESS), has_process=True) if one.id in world.words]:
        tell(world, one, max(world.words[one.id]))


EVENTS = [
    add_job, start, start, begin, begin, end, end, end, conduct, conduct, conduct,
    call, say_word, say_word, stop_run, stop_attempt, repair, change_limit, remove_job, wait, start_again,
]  # fmt: skip


def _known(ledger: Ledger, run_id: int) -> Run:
    run = ledger.run_anywhere(run_id)
    assert run is not None
    return run


# what must hold


def check(world: World) -> None:
    known = list(world.read())
    for other in world.yards[1:]:
        assert [(run, other.attempts(run)) for run, _ in known] == known
        assert [other.run(run) for run, _ in known] == [run for run, _ in known]
    everything = {one.id: one for _, attempts in known for one in attempts}
    for run, attempts in known:
        check_run(run, graph.newest(attempts))
        check_memory(world.yards[0], run, graph.newest(attempts))
        check_parent(run, everything)
    check_places(world, list(everything.values()), {run.id: run for run, _ in known})
    check_limits(world, [run for run, _ in known])


def check_run(run: Run, latest: dict[str, Attempt]) -> None:
    if not latest:
        assert run.phase == "skipped"
        return
    assert (run.state is State.ENDED) == all(one.state is State.ENDED for one in latest.values())
    assert run.attempt == max(one.number for one in latest.values())
    if run.state is State.ENDED:
        assert run.outcome is graph.run_state(run.tasks, latest)[1]
        assert (run.wait_until, run.timeout_at) == (None, None)
    going = [one for one in latest.values() if one.state not in {State.BLOCKED, State.ENDED}]
    assert run.admitted_at is not None or not going
    assert len(going) <= (run.tasks_at_once or len(latest))
    for one in going:
        assert all(latest[key].state is State.ENDED for key in _task_of(run, one).depends_on)


def check_memory(yard: Yard, run: Run, latest: dict[str, Attempt]) -> None:
    assert yard.memory.latest(run) in (None, latest)


def check_parent(run: Run, everything: dict[int, Attempt]) -> None:
    if run.parent_attempt_id is not None and not run.repairs:
        parent = everything[run.parent_attempt_id]
        assert (parent.state is State.ENDED) == (run.state is State.ENDED)


def waits_since(world: World, one: Attempt) -> int | None:
    """Return since when an attempt waits by its newest word; of one moment, that it goes on."""
    at, goes_on = max(world.words.get(one.id, {(0, True)}))
    return None if goes_on or one.state not in ON_A_PROCESS else at


def check_places(world: World, attempts: list[Attempt], runs: dict[int, Run]) -> None:
    assert [one.waits_since for one in attempts] == [waits_since(world, one) for one in attempts]
    taken = [one for one in attempts if one.state in ON_A_PROCESS and _task_of(runs[one.run_id], one).has_process]
    assert all(one.owner for one in taken)
    awaited = {run.awaited_by for run in runs.values() if run.state is not State.ENDED}
    active = [one for one in taken if one.id not in awaited]
    holders = queue.holders(taken, calling={one for one in awaited if one}, places=PLACES)
    # Whoever comes back from waiting does not look for a place first.
    returned = {run.awaited_by for run in runs.values()} | world.words.keys()
    assert len(holders) <= PLACES + len(returned & {one.id for one in holders})
    assert len(holders) >= PLACES or not any(one.state is State.QUEUED for one in attempts)
    counts = world.yards[0].store.read(lambda ledger: ledger.count_on_process("here"))
    assert counts == (len(active), len([one for one in active if one.waits_since is not None]))
    assert queue.places_taken(*counts, places=PLACES) == len(holders)
    ended = {one.id for one in attempts if one.state is State.ENDED}
    assert all(run.state in {State.STOPPING, State.ENDED} for run in runs.values() if run.awaited_by in ended)


def check_limits(world: World, runs: list[Run]) -> None:
    for job in world.jobs:
        active = [run for run in runs if run.job_id == job.id and run.state is not State.ENDED]
        admitted = [run for run in active if run.admitted_at is not None]
        if len(admitted) < len(active):
            assert job.max_concurrent_runs is not None
            assert len(admitted) >= job.max_concurrent_runs


def check_events(yard: Yard, run: Run, attempts: list[Attempt]) -> None:
    """Every attempt took only the steps there are, and its last event says where it stands."""
    steps: dict[int, list[str]] = {one.id: [] for one in attempts}
    for event in yard.store.read(lambda ledger: ledger.events(run.id)):
        if event.attempt_id is not None and event.kind not in {"waits", "goes_on"}:
            steps[event.attempt_id].append(event.kind)
    for one in attempts:
        walked = [STATES.get(kind, State.ENDED) for kind in steps[one.id]]
        assert all(after in NEXT[before] for before, after in pairwise(walked)), steps[one.id]
        assert steps[one.id][-1] == one.phase


def _succeed(moves: Moves, attempt_id: int) -> None:
    moves.finished(attempt_id, Outcome.SUCCEEDED, at=moves.clock(), facts={})


def let_everything_end(world: World) -> None:
    for _ in range(1_000):
        for one in world.attempts(*sorted(ON_A_PROCESS), has_process=True):
            world.change(partial(_succeed, attempt_id=one.id))
        for one in world.attempts(State.STARTING, has_process=False):
            decide(world, one, "true")
        if all(run.state is State.ENDED for run, _ in world.read()):
            return
        world.pass_time(1_000)
    raise AssertionError([run for run, _ in world.read() if run.state is not State.ENDED])


def play(data: st.DataObject, *stores: Store, steps: int) -> None:
    """Let events happen by chance in the same order to each ledger, and see that all stay true and agree."""
    world = World(*(Yard(store, places=PLACES) for store in stores))
    for _ in range(data.draw(st.integers(1, steps))):
        data.draw(st.sampled_from(EVENTS))(world, data)
        check(world)
    let_everything_end(world)
    check(world)
    for run, attempts in world.read():
        check_events(world.yards[0], run, attempts)
