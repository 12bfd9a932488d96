-- Hands in scans that phones made alone, in batches of 200: each pass once, each scan with an id of its own.
-- Arguments: the file of codes, the file of device tokens (one a line), a name for this run, the number of the list, and
-- the time of the scans. One thread alone.

local report = require("report")
local BATCH = 200
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(arguments)
  local codes_file, tokens_file
  codes_file, tokens_file, run, list, at = unpack(arguments)
  codes, tokens = {}, {}
  for line in io.lines(codes_file) do
    codes[#codes + 1] = line
  end
  for line in io.lines(tokens_file) do
    tokens[#tokens + 1] = line
  end
  sent, batches, spent, taken = 0, 0, 0, 0
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Accept"] = "application/json"
end

function request()
  batches = batches + 1
  local scans = {}
  for _ = 1, BATCH do
    sent = sent + 1
    if sent > #codes then
      -- Every pass was used: the figures say so, since conflicts would be measured from here on.
      spent = spent + 1
    end
    scans[#scans + 1] = string.format('{"nonce":"%s-0-%d","code":"%s","list":%s,"device_at":"%s"}',
      run, sent, codes[(sent - 1) % #codes + 1], list, at)
  end
  wrk.headers["Authorization"] = "Bearer " .. tokens[batches % #tokens + 1]
  return wrk.format(nil, nil, nil, '{"scans":[' .. table.concat(scans, ",") .. "]}")
end

function response(status, headers, body)
  local _, count = string.gsub(body, '"outcome":"admitted"', "")
  taken = taken + count
end

function done(summary, latency, requests)
  local thread = threads[1]
  report.print(summary, latency, { scans_admitted = thread:get("taken"), after_the_last_pass = thread:get("spent") })
end
