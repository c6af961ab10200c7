"""The stand-in's stamps: by them each answer names the state and the request
that it comes from."""

import base64
import json
import time

from lib import client
from lib.upstream import ALICE, BOB, JOBS


def ask(upstream, method="GET", part="", key=ALICE, body=None):
    return client.http(upstream.address, method, f"{JOBS}/job-init{part}",
                       [("Authorization", f"Bearer {key}")], body)


def test_no_two_states_share_a_body(upstream):
    upstream.settings(stamp=True)
    pause, resume = b'{"paused": true}', b'{"paused": false}'
    seen = [ask(upstream).body]
    for body in (resume, pause, resume, pause):
        seen.append(ask(upstream, "POST", "/paused", body=body).body)
        assert ask(upstream, key=BOB).body == seen[-1]
    seen.append(ask(upstream, "PUT", body=b'{"name": "other"}').body)
    upstream.patch_job("job-init", status="ACTIVE")
    seen.append(ask(upstream).body)
    upstream.put_job("job-init")
    seen.append(ask(upstream).body)
    assert len(set(seen)) == len(seen)
    revisions = [json.loads(body)["revision"] for body in seen]
    assert revisions == sorted(revisions)


def test_what_changes_nothing_makes_no_new_state(upstream):
    upstream.settings(stamp=True)
    before = ask(upstream).body
    assert ask(upstream, "POST", "/paused", body=b'{"paused": true}').body \
        == before
    ask(upstream, "PUT", body=b'{"name": ""}')
    assert ask(upstream).body == before


def test_every_answer_has_an_etag_of_its_own(upstream):
    upstream.settings(stamp=True)
    answers = [ask(upstream), ask(upstream), ask(upstream, key="nobody")]
    upstream.rule(job="job-init", patch={"name": "bent"})
    answers.append(ask(upstream))
    assert [answer["etag"] for answer in answers] \
        == [f'"call-{call.number}"' for call in upstream.requests()]


def test_stamps_only_when_told_to(upstream):
    answer = ask(upstream)
    assert answer["etag"] is None
    assert "revision" not in json.loads(answer.body)


def test_records_what_was_answered_and_when(upstream):
    before = time.monotonic()
    whole = ask(upstream)
    after = time.monotonic()
    upstream.rule(times=1, patch={"name": "bent"}, cache_control="no-store")
    bent = ask(upstream)
    upstream.rule(times=1, cut=10)
    cut = ask(upstream)
    head = ask(upstream, "HEAD")
    assert not cut.complete and head.complete
    calls = upstream.requests()
    assert [base64.b64decode(call.sent_base64) for call in
            (calls[0], calls[1], calls[3])] == [whole.body, bent.body, b""]
    assert calls[2].sent_base64 is None
    assert ["Cache-Control", "no-store"] in calls[1].sent_headers
    # what was answered is noted once it has been sent
    assert before <= calls[0].time <= after
    assert calls[0].time <= calls[0].ended
