-- What wrk runs against many jobs or credentials.  Arguments after "--": the
-- target, the token, either with %s for a number, then how many there are,
-- then "fill" and a number to ask for all in turn from that one on, or
-- "random" and a seed.

local head, tail, count, fill
local n = 0

function init(args)
    wrk.headers["Authorization"] = "Bearer " .. args[2]

    local text = wrk.format(nil, args[1])
    local from, to = text:find("%s", 1, true)

    head, tail = text:sub(1, from - 1), text:sub(to + 1)
    count, fill = tonumber(args[3]), args[4] == "fill"

    if fill then
        n = tonumber(args[5])

    else
        math.randomseed(tonumber(args[5]))
    end
end

function request()
    local number

    if fill then
        number = n % count
        n = n + 1

    else
        number = math.random(0, count - 1)
    end

    return head .. ("%010d"):format(number) .. tail
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
