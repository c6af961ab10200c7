"""What liveness costs: a call per credential and reauth, however many jobs."""

from crowd import get, poll
from lib.upstream import ALICE, JOBS

JOBS_POLLED = 100
SECONDS = 20
CALLS = 12                            # one in 2 s, and the first and last


def test_finished_jobs_cost_one_call_per_reauth(gateway, upstream):
    nodes = [gateway(workers=2, location_extra="batch_dial_reauth 2s;")
             for _ in range(2)]
    jobs = [f"job-done-{n}" for n in range(JOBS_POLLED)]
    for job in jobs:
        upstream.put_job(job, status="COMPLETE")
        for node in nodes:
            assert node.read(job).status == 200
    upstream.reset("counts")

    answers = poll([node.address for node in nodes],
                   [get(job, ALICE) for job in jobs], SECONDS, 1.0)
    assert {answer.status for _, _, answer in answers} == {200}
    assert len(answers) >= JOBS_POLLED * SECONDS * 0.8
    assert SECONDS / 2 * 0.8 <= upstream.calls() <= CALLS


def test_revoked_key_is_out_within_reauth(gateway, upstream):
    nodes = [gateway(workers=2, location_extra="batch_dial_reauth 2s;")
             for _ in range(2)]
    upstream.put_job("job-done", status="COMPLETE")
    assert nodes[0].read("job-done").status == 200
    upstream.revoke(ALICE)
    answers = poll([node.address for node in nodes],
                   [get("job-done", ALICE)] * 10, 5, 0.1)
    first = min(answer.time for _, _, answer in answers)
    refused = [answer.time for _, _, answer in answers
               if answer.status == 401]
    served = [answer.time for _, _, answer in answers
              if answer.status == 200]
    assert len(refused) + len(served) == len(answers)
    assert max(served) - first <= 2.5
    # on all nodes at once, with 100 ms for the word to get around
    assert max(served) - min(refused) <= 0.2
    assert upstream.counts().by_request[f"GET {JOBS}/job-done"] <= 3
