-- release: gives up the candidate's own lease.
--
-- KEYS[1] lease
-- KEYS[2] record
-- KEYS[3] candidates
-- ARGV[1] id: string
-- ARGV[2] channel: string
-- ARGV[3] successor: string, the id or name of the next leader; empty for the latest candidate
-- ARGV[4] quiet: boolean, whether to notify the successor alone
-- ARGV[5] absent: string, a candidate that was notified alone and did not come, or empty
--
-- With `absent`, the lease was released before, and nobody has led since.
--
-- Returns { status, server time us, token on record, until ms, ... }:
--   released  then the id of the candidate that was notified alone; empty if all were
--   gone      there was no lease of that id
-- Errors: WRONGTYPE, and any error of Redis for a refused write.

-- @include prelude

local holder = redis.call('GET', LEASE)
local held = holder == id
local record = readRecord() -- before the lease goes: a release that fails has changed nothing
if held then redis.call('DEL', LEASE) end

local own = record.id == id and record.till ~= 0
if own then
  -- A full server may refuse this write if nothing was deleted before. Then others wait until then.
  local done = redis.pcall('HSET', RECORD, 'until', '0')
  if type(done) ~= 'table' then record.till = 0 end
end

-- The id and the inbox of the next leader: the latest candidate that receives releases, which is
-- one with a whole number for its time. A requested successor is an id, or else a name. Of several
-- candidates with that name, the latest that receives releases is chosen. A requested id is named
-- even if it is not listed.
local function findSuccessor()
  local named, namesake
  local limit = successor == '' and SUCCESSOR_SEARCH or CANDIDATES_MAX
  local latest = redis.pcall('ZREVRANGEBYSCORE', CANDIDATES, '+inf', '-inf', 'WITHSCORES', 'LIMIT', 0, limit)
  for i = 1, latest.err and 0 or #latest, 2 do
    local known, candidate = pcall(cjson.decode, latest[i])
    local other = known and type(candidate) == 'table' and candidate.id
    if type(other) ~= 'string' or other == '' then -- not written by this library
    elseif other == absent then
      redis.pcall('ZREM', CANDIDATES, latest[i])
    elseif other ~= id then
      local hears = latest[i + 1] % 1 == 0
      if hears and (successor == '' or other == successor) then return other, candidate.inbox end
      if candidate.name == successor and hears then named = named or candidate end
      if candidate.name == successor then namesake = namesake or other end
    end
  end
  if successor == '' then return nil end
  if named then return named.id, named.inbox end
  return namesake or successor
end

-- A candidate whose last attempt had no reply releases under the id that it may be listed by.
if not held then
  local start = '{"id":' .. cjson.encode(id) .. ','
  local latest = redis.pcall('ZREVRANGEBYSCORE', CANDIDATES, '+inf', '-inf', 'LIMIT', 0, CANDIDATES_MAX)
  for i = 1, latest.err and 0 or #latest do
    if string.sub(latest[i], 1, #start) == start then redis.pcall('ZREM', CANDIDATES, latest[i]) end
  end
end

local notified = ''
-- A later holder that writes no record (go-leader) has published nothing.
local free = absent ~= '' and record.id == id
if held or own or free then
  local fields = { '"event":"released"', '"id":' .. cjson.encode(id) }
  local chosen, inbox = findSuccessor()
  if chosen then table.insert(fields, '"successor":' .. cjson.encode(chosen)) end
  local message = { '"channel":' .. cjson.encode(channel), unpack(fields) }
  if quiet and type(inbox) == 'string' and inbox ~= '' and publish(inbox, message) then
    notified = chosen
  else
    publish(channel, fields)
  end
end
if not held then return reply('gone', record) end
return reply('released', record, notified)
