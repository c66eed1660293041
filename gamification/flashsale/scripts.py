"""The scripts of a sale's slots in Redis.

Keys of a sale, one hash tag: `ready` (there while the rest can be trusted), `free` (a set of slots), `held` (slot to
`member|claim`), `members` (how many each holds), `claims` (claim to slot), `young` (slot to when it was admitted, until
MongoDB has it). Every step names the slot and who holds it, so that doing it again, or too late, does nothing.
"""

CLAIM = """
local ready, free, held, members, claims, young = unpack(KEYS)
local member, claim, most, now, gone = unpack(ARGV)
if redis.call('EXISTS', ready) == 0 then return {'cold', -1} end
local known = redis.call('HGET', claims, claim)
if known then return {'again', tonumber(known)} end
if tonumber(redis.call('HGET', members, member) or '0') >= tonumber(most) then return {'limit', -1} end
local slot = redis.call('SPOP', free)
if not slot then return {'sold out', -1} end
redis.call('HSET', held, slot, member .. '|' .. claim)
redis.call('HINCRBY', members, member, 1)
redis.call('HSET', claims, claim, slot)
redis.call('HSET', young, slot, now)
for _, key in ipairs({held, members, claims, young}) do redis.call('PEXPIREAT', key, gone) end
return {'slot', tonumber(slot)}
"""
"""A slot for a claim, or why there is none. `again`: the claim has that slot already."""

SETTLED = """
local ready, free, held, members, claims, young = unpack(KEYS)
if redis.call('HGET', held, ARGV[1]) == ARGV[2] .. '|' .. ARGV[3] then redis.call('HDEL', young, ARGV[1]) end
return 1
"""
"""MongoDB has the reservation of that slot for that member and claim."""

GIVE_BACK = """
local ready, free, held, members, claims, young = unpack(KEYS)
local slot, member, claim, to_sale, forgotten = unpack(ARGV)
if redis.call('EXISTS', ready) == 0 then return 0 end
if forgotten == '1' and redis.call('HGET', claims, claim) == slot then redis.call('HDEL', claims, claim) end
if redis.call('HGET', held, slot) ~= member .. '|' .. claim then return 0 end
redis.call('HDEL', held, slot)
redis.call('HDEL', young, slot)
if redis.call('HINCRBY', members, member, -1) < 1 then redis.call('HDEL', members, member) end
if to_sale == '1' then redis.call('SADD', free, slot) end
return 1
"""
"""That member's claim does not hold that slot any more. It is on sale again with `to_sale`; with `forgotten` the claim
may try anew."""

HOLD = """
local ready, free, held, members, claims, young = unpack(KEYS)
local slot, member, claim = unpack(ARGV)
if redis.call('EXISTS', ready) == 0 or redis.call('HEXISTS', held, slot) == 1 then return 0 end
redis.call('SREM', free, slot)
redis.call('HSET', held, slot, member .. '|' .. claim)
redis.call('HINCRBY', members, member, 1)
redis.call('HSET', claims, claim, slot)
return 1
"""
"""MongoDB says that a slot is held of which Redis does not know."""

REBUILD = """
local ready, free, held, members, claims, young = unpack(KEYS)
if redis.call('EXISTS', ready) == 1 then return 0 end
redis.call('DEL', free, held, members, claims, young)
local taken = {}
for i = 3, #ARGV, 4 do
  local slot, member, claim, live = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  redis.call('HSET', claims, claim, slot)
  if live == '1' then
    taken[tonumber(slot)] = true
    redis.call('HSET', held, slot, member .. '|' .. claim)
    redis.call('HINCRBY', members, member, 1)
  end
end
for slot = 0, tonumber(ARGV[1]) - 1 do
  if not taken[slot] then redis.call('SADD', free, slot) end
end
redis.call('SET', ready, '1')
for _, key in ipairs({ready, free, held, members, claims}) do redis.call('PEXPIREAT', key, ARGV[2]) end
return 1
"""
"""All of it anew, from what MongoDB has: stock, when the keys may go, then slot, member, claim and whether it is live."""
