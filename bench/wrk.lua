-- What wrk sends: `wrk … -s wrk.lua URL -- METHOD HEADERS_FILE BODIES_FILE SALT`, a header or body a line, the bodies
-- in turn. In a body, @N@ stands for a text that no other request has.
local requests, bodies, unique, number, salt = {}, {}, false, 0, ""
local method, headers = "GET", {}

function init(args)
  method, salt = args[1], args[4]
  for line in io.lines(args[2]) do
    local name, value = line:match("^([^:]+): (.*)$")
    headers[name] = value
  end
  for line in io.lines(args[3]) do
    table.insert(bodies, line)
    unique = unique or line:find("@N@", 1, true) ~= nil
    table.insert(requests, wrk.format(method, nil, headers, line))
  end
  if #requests == 0 then
    table.insert(requests, wrk.format(method, nil, headers, nil))
  end
end

function request()
  number = number + 1
  if unique then
    local body = bodies[number % #bodies + 1]:gsub("@N@", salt .. number)
    return wrk.format(method, nil, headers, body)
  end
  return requests[number % #requests + 1]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "seconds": %f, "p50_ms": %f, "p99_ms": %f, "failed": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
