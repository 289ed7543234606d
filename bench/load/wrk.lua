-- For wrk: sends requests in pipelined batches (first argument, 1 for none) and prints the result as
-- one line of JSON, which carries more digits than wrk's own summary.

function init(arguments)
    local depth = tonumber(arguments[1])
    if depth > 1 then
        local batch = string.rep(wrk.format(), depth)
        request = function() return batch end
    end
end

function done(summary, latency)
    local errors = summary.errors
    print(string.format(
        '\n{"requests": %d, "duration_us": %d, "p50_us": %d, "p99_us": %d, "errors": ' ..
        '{"connect": %d, "read": %d, "write": %d, "timeout": %d, "status": %d}}',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
        errors.connect, errors.read, errors.write, errors.timeout, errors.status))
end
