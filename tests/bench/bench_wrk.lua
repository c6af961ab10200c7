-- What wrk runs.  Arguments after "--": the target and the number of the run.
-- Where the target holds %s each request of each run gets an id of its own, of
-- the same length always.

local head, tail, run
local n = 0

function init(args)
    local text = wrk.format(nil, args[1])
    local from, to = text:find("%s", 1, true)

    if not from then
        request = function() return text end
        return
    end

    head, tail = text:sub(1, from - 1), text:sub(to + 1)
    run = tonumber(args[2])
end

function request()
    n = n + 1
    return head .. ("%04d-%09d"):format(run, n) .. tail
end

function done(summary, latency, requests)
    local e = summary.errors

    io.write(string.format(
        '\n{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, ' ..
        '"refused": %d, "errors": %d}\n',
        summary.requests, summary.duration, latency:percentile(50),
        latency:percentile(99), e.status,
        e.connect + e.read + e.write + e.timeout))
end
