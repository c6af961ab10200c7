-- What wrk runs in a soak: requests of all kinds in random order.  Arguments
-- after "--": a seed, and "purge" where the gateway has such a location.  No
-- HEAD: wrk waits for the body.

local P = "/api/batch_dial_jobs/"
local JOBS, CREDENTIALS, SLOTS = 2000, 8, 1000
local slots = {}

-- One kind of request: so many of 1000.  %s in the path is a number below
-- count.
local function kind(share, method, path, count, options)
    options = options or {}

    local pairs_of = {}

    for c = 1, CREDENTIALS do
        local headers = {}
        for name, value in pairs(options.headers or {}) do
            headers[name] = value
        end
        if options.token ~= false then
            headers["Authorization"] = "Bearer "
                .. (options.token or ("bench-soak-" .. c))
        end

        local text = wrk.format(method, path, headers, options.body)
        local from, to = text:find("%s", 1, true)

        pairs_of[c] = from and { text:sub(1, from - 1), text:sub(to + 1) }
                      or { text }
    end

    local function make()
        local pair = pairs_of[math.random(CREDENTIALS)]

        if not pair[2] then
            return pair[1]
        end

        return pair[1] .. ("%04d"):format(math.random(0, count - 1)) .. pair[2]
    end

    for i = 1, share do
        slots[#slots + 1] = make
    end
end

function init(args)
    local json = { ["Content-Type"] = "application/json" }

    math.randomseed(tonumber(args[1]))

    kind(150, "GET", P .. "job-%s", JOBS,
         { headers = { ["If-None-Match"] = '"soak"' } })
    kind(30, "GET", P .. "job-%s/dials", JOBS)
    kind(20, "GET", "/api/batch_dial_jobs", 1)

    kind(20, "PUT", P .. "job-%s", JOBS,
         { headers = json, body = '{"name":"soak"}' })
    kind(20, "POST", P .. "job-%s/paused", JOBS,
         { headers = json, body = '{"paused":true}' })
    kind(5, "PUT", P .. "lost-%s", 20, { headers = json, body = "{}" })
    kind(5, "PUT", P .. "failed-%s", 20, { headers = json, body = "{}" })

    if args[2] == "purge" then
        kind(20, "PURGE", "/purge/job-%s", JOBS)
    end

    kind(20, "GET", P .. "missing-%s", 100)
    kind(10, "GET", P .. "failed-%s", 20)
    kind(10, "GET", P .. "broken-%s", 20)
    kind(5, "GET", P .. "lost-%s", 20)
    kind(20, "GET", P .. "job-%s", JOBS, { token = false })
    kind(20, "GET", P .. "job.%s", JOBS)
    kind(10, "GET", P .. "job-%s", JOBS, { token = "bench-revoked" })
    kind(10, "GET", P .. "job-%s", JOBS, { token = "bench-limited" })

    kind(SLOTS - #slots, "GET", P .. "job-%s", JOBS)
end

function request()
    return slots[math.random(#slots)]()
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
