-- Asks for one page again and again, as a visitor with a phone would.

local report = require("report")

wrk.headers["Accept"] = "text/html"
wrk.headers["Accept-Language"] = "vi"

function done(summary, latency, requests)
  report.print(summary, latency)
end
