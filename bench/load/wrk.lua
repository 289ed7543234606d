-- For wrk: sends requests in pipelined batches (first argument, 1 for none), or each for a file at
-- random of a tree of so many (second argument, 0 for none; see tree.py), and prints the result as
-- one line of JSON, which carries more digits than wrk's own summary.

function init(arguments)
    local depth, files = tonumber(arguments[1]), tonumber(arguments[2])
    if depth > 1 then
        local batch = string.rep(wrk.format(), depth)
        request = function() return batch end
    elseif files > 0 then
        -- Made beforehand: the client has little CPU to spare. The numbers are the same in each
        -- run, since nobody seeds the generator.
        local requests, random = {}, math.random
        for i = 0, files - 1 do
            local path = string.format("/tree/%02d/%03d.bin", math.floor(i / 1000), i % 1000)
            requests[i + 1] = wrk.format("GET", path)
        end
        request = function() return requests[random(files)] end
    end
end

function done(summary, latency)
    local errors = summary.errors
    print(string.format(
        '\n{"requests": %d, "duration_us": %d, "bytes": %.0f, "p50_us": %d, "p99_us": %d, ' ..
        '"errors": {"connect": %d, "read": %d, "write": %d, "timeout": %d, "status": %d}}',
        summary.requests, summary.duration, summary.bytes,
        latency:percentile(50), latency:percentile(99),
        errors.connect, errors.read, errors.write, errors.timeout, errors.status))
end
