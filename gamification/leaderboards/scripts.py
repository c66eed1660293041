"""The Lua scripts of a board's ranking; `rankings` says what the keys hold.

Each runs to its end before any other command, so what it reads or writes is one instant. All its keys share a slot.
"""

APPLY = """
local applied = 0
for i = 1, #ARGV, 4 do
  local id, version, key, tie = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local old = redis.call('HGET', KEYS[2], id)
  local bar = old and string.find(old, '|', 1, true)
  if not old or tonumber(string.sub(old, 1, bar - 1)) < tonumber(version) then
    local before = old and string.sub(old, bar + 1) or ''
    if before ~= '' and before ~= tie then redis.call('ZREM', KEYS[1], before) end
    if tie ~= '' then redis.call('ZADD', KEYS[1], key, tie) end
    redis.call('HSET', KEYS[2], id, version .. '|' .. tie)
    applied = applied + 1
  end
end
local revision = tonumber(redis.call('HGET', KEYS[3], 'revision') or '0')
if applied > 0 then
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  revision = math.max(revision + 1, now)
  redis.call('HSET', KEYS[3], 'revision', string.format('%.0f', revision))
end
return {applied, string.format('%.0f', revision)}
"""
"""Sets scores: id, version, key and tie of each record. Answers how many were newer than what stood, and the revision."""

FINISH = """
if redis.call('HGET', KEYS[1], 'building') ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local revision = math.max(tonumber(redis.call('HGET', KEYS[1], 'revision') or '0') + 1, now)
redis.call('HSET', KEYS[1], 'ready', '1', 'revision', string.format('%.0f', revision))
return revision
"""
"""Calls a period ready if the building token is still the one given."""

READ = """
local meta = redis.call('HMGET', KEYS[3], 'ready', 'revision')
if not meta[1] then return false end
local shared, prefix, pages = ARGV[1] == '1', tonumber(ARGV[2]), tonumber(ARGV[3])
local size = redis.call('ZCARD', KEYS[1])

local function rank_at(place, tie, key)
  if not shared then return place + 1 end
  local better = redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. key)
  if prefix > 0 then
    local low, high, mine = better, place, string.sub(tie, 1, prefix)
    while low < high do
      local middle = math.floor((low + high) / 2)
      local there = redis.call('ZRANGE', KEYS[1], middle, middle)[1]
      if string.sub(there, 1, prefix) == mine then high = middle else low = middle + 1 end
    end
    return low + 1
  end
  return better + 1
end

local function rows(from, to)
  local found = redis.call('ZRANGE', KEYS[1], from, to, 'WITHSCORES')
  return {from, #found > 0 and rank_at(from, found[1], found[2]) or 0, found}
end

local answer = {size, meta[2] or '0'}
for i = 4, 2 + 2 * pages, 2 do answer[#answer + 1] = rows(tonumber(ARGV[i]), tonumber(ARGV[i + 1])) end
for i = 4 + 2 * pages, #ARGV, 3 do
  local entry = redis.call('HGET', KEYS[2], ARGV[i])
  local tie = entry and string.sub(entry, string.find(entry, '|', 1, true) + 1) or ''
  if tie == '' then
    answer[#answer + 1] = {}
  else
    local place = redis.call('ZRANK', KEYS[1], tie)
    local above, below = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
    if above >= 0 then
      local window = rows(math.max(0, place - above), math.min(size - 1, place + below))
      window[4] = place
      answer[#answer + 1] = window
    else
      local key = redis.call('ZSCORE', KEYS[1], tie)
      answer[#answer + 1] = {place, rank_at(place, tie, key), {tie, key}, place}
    end
  end
end
return answer
"""
"""Reads pages and members' places. ARGV: whether ties share a rank, how many bytes of a tie agree then, how many pages;
first and last place of each page; id, places above and places below of each member, or -1 for no window.

Answers nothing when not ready, else the size, the revision, and for each page and member the first place, its rank, and
the rows (tie, key, tie, key ...), for a member also the member's own place; an empty list for who has none."""
