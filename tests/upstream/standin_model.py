"""What the stand-in knows: workspaces, API keys, jobs and their dials.

Pure data and rules: no I/O.  Time comes in through the clock given to State,
a function that returns seconds.  standin_api.py puts HTTP around this module,
standin_control.py lets tests reach into it.
"""

import copy
import datetime
import json
import uuid

STATUSES = ("INIT", "ACTIVE", "PAUSED", "COMPLETE", "CANCELLED")

SCHEDULE = {
    "days": [
        {"dayOfWeek": day,
         "timeSlots": [{"startTime": "09:00", "endTime": "12:00"},
                       {"startTime": "13:00", "endTime": "17:30"}]}
        for day in (1, 3)
    ],
    "timezone": "America/New_York",
}


class Job:
    """One batch dial job: its public members and how far it has come."""

    def __init__(self, workspace, members, duration=None, total_dials=10,
                 stamp=lambda members: None):
        self.stamp = stamp            # called with members once they changed
        self.workspace = workspace
        self.members = members        # what a GET answers
        self.pending = {}             # changes of a running job
        self.duration = duration      # active seconds until COMPLETE, or None
        self.total_dials = total_dials
        self.active_for = 0.0         # active seconds of earlier spells
        self.active_since = None      # start of the present spell
        self.changed()

    def changed(self):
        self.stamp(self.members)
        self.body = None              # members as bytes, None: to be made

    def encoded(self):
        if self.body is None:
            self.body = json.dumps(self.members).encode()
        return self.body

    def advance(self, now):
        """Brings the status up to date: a job whose time is up is COMPLETE."""
        if self.duration is None or self.members["status"] != "ACTIVE":
            return
        if self.active_seconds(now) >= self.duration:
            self.set_status("COMPLETE", now)

    def active_seconds(self, now):
        if self.active_since is None:
            return self.active_for
        return self.active_for + now - self.active_since

    def set_status(self, status, now):
        """Any string will do: tests need statuses that no API has."""
        if status == "ACTIVE":
            if self.active_since is None:
                self.active_since = now
        else:
            self.active_for = self.active_seconds(now)
            self.active_since = None
            self.members.update(self.pending)
            self.pending = {}
        self.members["status"] = status
        self.changed()

    def change(self, members):
        """PUT: a running job keeps the changes until it is paused."""
        if self.members["status"] == "ACTIVE":
            self.pending.update(members)
            return
        self.members.update(members)
        self.changed()

    def dials_done(self, now):
        if self.members["status"] == "COMPLETE":
            return self.total_dials
        if not self.duration:
            return 0
        share = min(1.0, self.active_seconds(now) / self.duration)
        return int(self.total_dials * share)

    def dials(self, now):
        """The dials made (dials) and still to be made (queue)."""
        done = self.dials_done(now)
        every = [{"id": f"dial-{self.members['id']}-{n}",
                  "batchDialJobId": self.members["id"],
                  "toNumber": f"+1555{n:07d}",
                  "status": "completed" if n < done else "queued"}
                 for n in range(self.total_dials)]
        return every[:done], every[done:]


class State:
    """All workspaces.  Keys and job ids are unique across them."""

    def __init__(self, clock, seed):
        self.clock = clock
        self.seed = seed
        self.stamping = False
        self.revision = 0             # the last number given to a change
        self.reset()

    def stamp(self, members):
        """Numbers a change, so that no body of a job is ever sent twice."""
        if self.stamping:
            self.revision += 1
            members["revision"] = self.revision

    def set_stamping(self, on):
        self.stamping = on
        for job in self.jobs.values():
            job.changed()

    def reset(self):
        """Back to the seed."""
        self.keys = {}                # key: workspace
        self.revoked = set()
        self.jobs = {}                # id: Job, in order of creation
        for workspace, content in copy.deepcopy(self.seed).items():
            for key in content.get("keys", ()):
                self.keys[key] = workspace
            for job in content.get("jobs", ()):
                self.put_job(workspace, **job)

    def workspace_of(self, key):
        """The workspace a key opens; None for unknown and revoked keys."""
        if key in self.revoked:
            return None
        return self.keys.get(key)

    def put_job(self, workspace, members, duration=None, total_dials=10):
        """Adds or replaces a job whose members are complete."""
        job = Job(workspace, members, duration, total_dials, self.stamp)
        self.jobs[members["id"]] = job
        if members.get("status") == "ACTIVE":
            job.active_since = self.clock()
        return job

    def find(self, job_id):
        """The job in whatever workspace, brought up to date, or None."""
        job = self.jobs.get(job_id)
        if job is not None:
            job.advance(self.clock())
        return job

    def visible(self, workspace):
        """The jobs of a workspace, oldest first."""
        now = self.clock()
        found = [j for j in self.jobs.values() if j.workspace == workspace]
        for job in found:
            job.advance(now)
        return found

    def create(self, workspace, members):
        """POST: a new job in INIT."""
        stamp = datetime.datetime.now(datetime.timezone.utc)
        whole = job_members("job-" + uuid.uuid4().hex[:16], "INIT",
                            createdAt=stamp.isoformat(timespec="seconds"))
        whole.update(fromPhoneNumberIds=None, schedule=None)
        whole.update(members)
        return self.put_job(workspace, whole)


def job_members(job_id, status, **more):
    """A whole BatchDialJob; more overrides and adds members."""
    members = {
        "id": job_id,
        "name": f"Campaign {job_id}",
        "status": status,
        "callAgentId": "agent-7f3a",
        "maxConcurrentDials": 5,
        "createdAt": "2026-01-15T09:30:00Z",
        "fromPhoneNumberIds": ["phone-1", "phone-2"],
        "schedule": copy.deepcopy(SCHEDULE),
    }
    members.update(more)
    return members


# The keys hold the word SECRET so that a test can search logs for leaks.
ALICE = "tok-alice-SECRET-4fd1c2"
BOB = "tok-bob-SECRET-93ab07"
CAROL = "tok-carol-SECRET-c55e18"


def seed():
    """Two workspaces: two keys see north's jobs, one sees south's."""
    north = [{"members": job_members(f"job-{status.lower()}", status)}
             for status in STATUSES]
    north.append({"members": job_members("job-demo", "ACTIVE"),
                  "duration": 60})
    north.append({"members": job_members("job-broken", "RUNNING")})
    south = [{"members": job_members("job-south", "ACTIVE")}]
    return {"north": {"keys": [ALICE, BOB], "jobs": north},
            "south": {"keys": [CAROL], "jobs": south}}
