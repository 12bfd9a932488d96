-- What every script reports: wrk's own figures, and counts that the threads kept.

local report = {}

function report.print(summary, latency, extra)
  local errors = summary.errors
  local parts = {
    string.format('"requests":%d', summary.requests),
    string.format('"microseconds":%d', summary.duration),
    string.format('"p50":%d', latency:percentile(50)),
    string.format('"p95":%d', latency:percentile(95)),
    string.format('"p99":%d', latency:percentile(99)),
    string.format('"not_2xx":%d', errors.status),
    string.format('"broken":%d', errors.connect + errors.read + errors.write + errors.timeout),
  }
  for name, value in pairs(extra or {}) do
    parts[#parts + 1] = string.format('"%s":%d', name, value)
  end
  print("{" .. table.concat(parts, ",") .. "}")
end

return report
