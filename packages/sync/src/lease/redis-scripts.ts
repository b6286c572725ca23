// One sorted set for each name. Its members: `h:` and a holder, `r:` and a holder that was revoked, each with the server's
// millisecond at which the lease ends; `f` with the last fence that was given. One EVAL a question, so that each is
// atomic, and needs no script that a fail-over could lose.

const NOW = `local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)`;

// A score is written by '%.0f': Lua's own tostring gives fourteen digits, and a fence has sixteen.
const KEEP = `redis.call('PEXPIRE', KEYS[1], math.max(ARGV[2], 86400000))`;

/** KEYS: the name. ARGV: holder, ttl, limit. Returns {1, fence}, or {0, milliseconds until the earliest runs out}. */
export const ACQUIRE: string = `${NOW}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local last = tonumber(redis.call('ZSCORE', KEYS[1], 'f') or '0')
if not redis.call('ZSCORE', KEYS[1], 'h:' .. ARGV[1]) then
  local held = redis.call('ZCARD', KEYS[1])
  if last > 0 then held = held - 1 end
  if held >= tonumber(ARGV[3]) or redis.call('ZSCORE', KEYS[1], 'r:' .. ARGV[1]) then
    return {0, math.ceil(tonumber(redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]) - now)}
  end
  last = math.max(last + 1, t[1] * 1000000 + t[2])
  redis.call('ZADD', KEYS[1], string.format('%.0f', last), 'f')
end
redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2]), 'h:' .. ARGV[1])
${KEEP}
return {1, string.format('%.0f', last)}`;

/** KEYS: the name. ARGV: holder, ttl. Returns 0: gone, 1: held, 2: revoked. */
export const RENEW: string = `${NOW}
local till = tonumber(redis.call('ZSCORE', KEYS[1], 'h:' .. ARGV[1]) or '0')
if till <= now then
  till = tonumber(redis.call('ZSCORE', KEYS[1], 'r:' .. ARGV[1]) or '0')
  return till > now and 2 or 0
end
redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2]), 'h:' .. ARGV[1])
${KEEP}
return 1`;

/** KEYS: the name. ARGV: holder, channel or nothing, message. Returns whether it was there. */
export const RELEASE: string = `${NOW}
local till = tonumber(redis.call('ZSCORE', KEYS[1], 'h:' .. ARGV[1]) or '0')
till = math.max(till, tonumber(redis.call('ZSCORE', KEYS[1], 'r:' .. ARGV[1]) or '0'))
redis.call('ZREM', KEYS[1], 'h:' .. ARGV[1], 'r:' .. ARGV[1])
if till <= now then return 0 end
if ARGV[2] ~= '' then redis.call('PUBLISH', ARGV[2], ARGV[3]) end
return 1`;

/** KEYS: the name. ARGV: channel or nothing, message. Returns how many were revoked. */
export const REVOKE: string = `${NOW}
local n = 0
local all = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for i = 1, #all, 2 do
  if string.sub(all[i], 1, 2) == 'h:' and tonumber(all[i + 1]) > now then
    redis.call('ZREM', KEYS[1], all[i])
    redis.call('ZADD', KEYS[1], all[i + 1], 'r:' .. string.sub(all[i], 3))
    n = n + 1
  end
end
if n > 0 and ARGV[1] ~= '' then redis.call('PUBLISH', ARGV[1], ARGV[2]) end
return n`;

/** KEYS: the name. Returns member, milliseconds left, fence, and so on. */
export const HOLDERS: string = `${NOW}
local out = {}
local all = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
local fence = redis.call('ZSCORE', KEYS[1], 'f')
for i = 1, #all, 2 do
  if all[i] ~= 'f' and tonumber(all[i + 1]) > now then
    out[#out + 1] = all[i]
    out[#out + 1] = tonumber(all[i + 1]) - now
    out[#out + 1] = string.format('%.0f', tonumber(fence))
  end
end
return out`;

/**
 * KEYS: the rate. ARGV: cost, room, both in microseconds. The value is the server's microsecond at which the bucket will be
 * full: the generic cell rate algorithm. Returns the microseconds to wait; a negative cost gives back.
 */
export const TAKE: string = `local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local full = tonumber(redis.call('GET', KEYS[1]) or '0')
local cost = tonumber(ARGV[1])
local next = full + cost
if cost > 0 then
  next = math.max(full, now) + cost
  if next - now > tonumber(ARGV[2]) then return math.ceil(next - now - ARGV[2]) end
end
if next > now then
  redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', math.ceil((next - now) / 1000) + 1000)
else
  redis.call('DEL', KEYS[1])
end
return 0`;
