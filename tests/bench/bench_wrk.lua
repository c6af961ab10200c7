-- What wrk runs.  Arguments after "--": the target and the number of the run.
-- Where the target holds %s each request of each run gets an id of its own, of
-- the same length always.

local target, run
local n = 0

function init(args)
    target, run = args[1], tonumber(args[2])

    if not target:find("%s", 1, true) then
        local text = wrk.format(nil, target)
        request = function() return text end
    end
end

function request()
    n = n + 1
    return wrk.format(nil, target:format(("%04d-%09d"):format(run, n)))
end

function done(summary, latency, requests)
    local e = summary.errors

    io.write(string.format(
        '\n{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, ' ..
        '"errors": %d}\n',
        summary.requests, summary.duration, latency:percentile(50),
        latency:percentile(99),
        e.connect + e.read + e.write + e.status + e.timeout))
end
