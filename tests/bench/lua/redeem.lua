-- Redeems passes as the phones of several gates: each pass once, each scan with an id of its own.
-- Arguments: the file of codes, the file of device tokens (one a line), the number of threads, a name for this run,
-- and the file that takes the ids of the scans that were acknowledged.

local report = require("report")
local threads = {}

function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end

function init(arguments)
  local codes_file, tokens_file, count
  codes_file, tokens_file, count, run, acknowledged_file = unpack(arguments)
  codes, tokens = {}, {}
  local line_number = 0
  for line in io.lines(codes_file) do
    if line_number % tonumber(count) == number then
      codes[#codes + 1] = line
    end
    line_number = line_number + 1
  end
  for line in io.lines(tokens_file) do
    tokens[#tokens + 1] = line
  end
  sent, spent, refused, acknowledged = 0, 0, 0, {}
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Accept"] = "application/json"
end

function request()
  sent = sent + 1
  local code = codes[sent]
  if not code then
    -- Every pass was used: the figures say so, since refusals would be measured from here on.
    spent = spent + 1
    code = codes[#codes]
  end
  wrk.headers["Authorization"] = "Bearer " .. tokens[sent % #tokens + 1]
  local body = string.format('{"client_id":"%s-%d-%d","code":"%s"}', run, number, sent, code)
  return wrk.format(nil, nil, nil, body)
end

function response(status, headers, body)
  if status == 200 then
    acknowledged[#acknowledged + 1] = string.match(body, '"client_id":"([^"]+)"')
  end
  if not string.find(body, '"admitted"', 1, true) then
    refused = refused + 1
  end
end

function done(summary, latency, requests)
  local counts = { after_the_last_pass = 0, not_admitted = 0 }
  local ids = assert(io.open(threads[1]:get("acknowledged_file"), "w"))
  for _, thread in ipairs(threads) do
    for _, id in ipairs(thread:get("acknowledged")) do
      ids:write(id, "\n")
    end
    counts.after_the_last_pass = counts.after_the_last_pass + thread:get("spent")
    counts.not_admitted = counts.not_admitted + thread:get("refused")
  end
  ids:close()
  report.print(summary, latency, counts)
end
