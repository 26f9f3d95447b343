-- renewMany: extends several leases that are in place, each with its own record, as renew does.
--
-- KEYS[2i-1] lease
-- KEYS[2i] record
-- ARGV[1] ttl: number, ms
-- ARGV[2] notAfter: number | undefined, server ms
-- ARGV[3] run: string, 'run id:database' of the server that granted, or empty
-- ARGV[4] asksRun: boolean, whether to return the present run
-- ARGV[i+4] grants: string[], for each lease its id, a space, and the term's token
--
-- Returns { server time us, until ms, 'run id:database' or empty, ... }: then each i that has to be
-- renewed by renew alone. Such a lease is not as it was granted or last renewed, or the request is
-- late, or something refuses it. For these, at most the expiry of their own lease was changed.

-- @include prelude

local at, till = text(now), text(now + ttl)
local late = isLate(notAfter)

-- If the record has this id, only the times and maybe the run have to be written.
local function renew(i)
  if late then return false end
  local lease, record = KEYS[2 * i - 1], KEYS[2 * i]
  local r = redis.call('HMGET', record, 'id', 'token', 'run', 'db', 'at', 'peak')
  if r[1] .. ' ' .. r[2] ~= grants(i) or redis.call('GET', lease) ~= r[1] then return false end
  redis.call('PEXPIRE', lease, ttl)
  local fields = { 'until', till, 'at', at }
  local before = whole(r[6]) or 0
  local peak = peakOf(whole(r[5]) or 0, before)
  if place(r[3], r[4] or '') ~= run then
    for _, field in ipairs({ 'run', runIdOf(run), 'db', databaseOf(run) }) do
      table.insert(fields, field)
    end
  end
  if peak ~= before then
    table.insert(fields, 'peak')
    table.insert(fields, text(peak))
  end
  redis.call('HSET', record, unpack(fields))
  return true
end

local replies = { text(micros), till, asksRun and place(runId(), databaseOf(run)) or '' }
for i = 1, #KEYS / 2 do
  local done, renewed = pcall(renew, i)
  if not (done and renewed) then table.insert(replies, text(i)) end
end
return replies
