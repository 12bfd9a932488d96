-- Redeems passes: each code once, each scan with an id of its own. Arguments: the file of codes (one a line), the
-- number of the first thread's share, the bearer's cookie, the list and the gate.

local report = require("report")
local threads = {}

function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end

function init(arguments)
  file, count, cookie, list, gate, run = unpack(arguments)
  codes = {}
  local line_number = 0
  for line in io.lines(file) do
    if line_number % tonumber(count) == number then
      codes[#codes + 1] = line
    end
    line_number = line_number + 1
  end
  sent = 0
  spent = 0
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Accept"] = "application/json"
  wrk.headers["Cookie"] = cookie
end

function request()
  sent = sent + 1
  local code = codes[sent]
  if not code then
    -- All codes are spent: say so in the figures rather than measure refusals.
    spent = spent + 1
    code = codes[#codes]
  end
  local id = string.format("%s-%d-%d", run, number, sent)
  local body = string.format(
    '{"client_id":"%s","code":"%s","list_id":%s,"gate_id":%s}', id, code, list, gate)
  return wrk.format(nil, nil, nil, body)
end

function done(summary, latency, requests)
  local spent_of_all = 0
  for _, thread in ipairs(threads) do
    spent_of_all = spent_of_all + thread:get("spent")
  end
  report.print(summary, latency, { after_the_last_code = spent_of_all })
end
