-- Orders tickets as buyers do, each order one ticket for a buyer whom nobody knows yet.
-- Arguments: the code of the ticket type, a name for this run, and the file that takes the numbers of the orders that
-- were acknowledged.

local report = require("report")
local threads = {}

function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end

function init(arguments)
  kind, run, acknowledged_file = unpack(arguments)
  sent, refused, acknowledged = 0, 0, {}
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Accept"] = "application/json"
end

function request()
  sent = sent + 1
  local buyer = string.format("%s-%d-%d", run, number, sent)
  local body = string.format(
    '{"client_id":"%s-00","lines":[{"ticket_type":"%s","count":1}],"full_name":"Nguyễn Thị Thử %d","email":"%s@example.vn"}',
    buyer, kind, sent, buyer
  )
  return wrk.format(nil, nil, nil, body)
end

function response(status, headers, body)
  if status == 201 then
    acknowledged[#acknowledged + 1] = string.match(body, '"reference":"([^"]+)"')
  elseif status == 409 then
    refused = refused + 1
  end
end

function done(summary, latency, requests)
  local counts = { refused = 0 }
  local references = assert(io.open(threads[1]:get("acknowledged_file"), "w"))
  for _, thread in ipairs(threads) do
    for _, reference in ipairs(thread:get("acknowledged")) do
      references:write(reference, "\n")
    end
    counts.refused = counts.refused + thread:get("refused")
  end
  references:close()
  report.print(summary, latency, counts)
end
