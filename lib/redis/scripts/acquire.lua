-- acquire: takes the lease if it is free.
--
-- KEYS[1] lease
-- KEYS[2] record
-- KEYS[3] candidates
-- ARGV[1] id: string
-- ARGV[2] ttl: number, ms
-- ARGV[3] name: string
-- ARGV[4] data: string
-- ARGV[5] lastToken: number, the highest token that the candidate has seen
-- ARGV[6] notAfter: number | undefined, server ms
-- ARGV[7] coldStart: 'elect' | 'wait', what a missing record means
-- ARGV[8] channel: string
-- ARGV[9] watchedUntil: number | undefined, server ms; it and the next two: from the last reply
-- ARGV[10] watchedTime: number | undefined, the candidate's estimate of the server time, ms
-- ARGV[11] watchedAge: number | undefined, ms for which the candidate has watched that until
-- ARGV[12] hears: boolean, whether the candidate receives notices of releases
-- ARGV[13] inbox: string, the channel of this candidate's client alone
-- ARGV[14] releasedBy: string, the holder that sent its release to this inbox alone, or empty
-- ARGV[15] expectedDb: string, the database of the client's elections, or empty if unknown
--
-- Returns { status, server time us, token on record, until ms, ... }:
--   granted  The token is the term's. Then 'run id:database' of the server.
--            Then 1 if announce has to follow.
--   held     Then the holder: id, ms left, name, data, token (empty if it writes no record).
--            Then the ms that were left before they were cut, or empty.
--            Then 'run id:database' of its grant, or empty.
--   suspect  The lease is absent but not free. Then the ms until it is.
--   late     Arrived after notAfter. Nothing was changed.
-- Errors: WRONGTYPE; LEASECONFLICT, a lease without expiry; LEASEMOVED, not in expectedDb; and any
-- error of Redis for a refused write.

-- @include prelude
-- @include write
-- @include place
-- @include announce
-- @include member

local seen = whole(lastToken) or 0

local holder = redis.call('GET', LEASE)
local record = readRecord()
if isLate(notAfter) then return reply('late', record) end

local function grant(token, run)
  local peak = peakOf(record.at, record.peak)
  return { token = token, id = id, name = name, data = data, run = run, till = now + ttl, peak = peak }
end

local member = memberOf(id, name, data, inbox)

-- Lists this candidate under the time of its attempt. Removes candidates that have not tried for
-- long, and those whose time is in the future because the clock was set back. The list is optional:
-- a candidate that cannot be listed does without. Only a replica's refusal is returned. A replica's
-- view of the lease may be long out of date, and it elects nobody.
local function listCandidate()
  -- ms. A candidate with a fraction does not receive releases, so none is to name it.
  local fraction = hears and '.0' or '.5'
  local done = redis.pcall('ZADD', CANDIDATES, text(now) .. fraction, member)
  if type(done) == 'table' and string.find(done.err, 'READONLY', 1, true) then return done end
  redis.pcall('ZREMRANGEBYSCORE', CANDIDATES, '-inf', '(' .. text(math.floor(now - LISTED_TTLS * ttl)))
  redis.pcall('ZREMRANGEBYSCORE', CANDIDATES, text(now + 1), '+inf')
  redis.pcall('PEXPIRE', CANDIDATES, 2 * ttl)
end

-- A client may send a request twice. The second keeps the token and renews the expiry.
if holder == id then
  redis.call('PEXPIRE', LEASE, ttl)
  local again = record.id == id and not record.broken
  local token = again and record.token or math.max(record.token + 1, micros, seen + 1)
  record = grant(token, again and record.run or '')
  local refused = write(record)
  if refused then return refused end
  return reply('granted', record, record.run)
end

if holder then
  -- The lease lasts longer than a ttl: the server's clock was set back. Cut the lease and the
  -- record together, or candidates would wait for one after the other.
  local left = redis.call('PTTL', LEASE)
  if left > ttl then
    redis.call('PEXPIRE', LEASE, ttl)
    -- A live holder with a longer ttl renews the lease when it receives this.
    publish(channel, { '"event":"cut"', '"id":' .. cjson.encode(holder) })
    if record.till > now + ttl then
      record.till = now + ttl
      local peak = peakOf(record.at, record.peak)
      redis.pcall('HSET', RECORD, 'until', text(record.till), 'at', text(now), 'peak', text(peak))
    end
  end
  local answer = replyWithHolder('held', record, holder)
  if answer.err then return answer end
  if left > ttl then answer[10] = left end
  return listCandidate() or answer
end

-- The lease is absent. The record tells whether it expired or was released. A store that has lost
-- its data must not free the lease.
local run = runId()
local recordedRun = runIdOf(record.run)
local lost = record.broken
  or (record.exists and run ~= '' and recordedRun ~= '' and recordedRun ~= run)
  or seen > record.token
  or (coldStart == 'wait' and not record.exists)
local mended = record.exists and record.id == '' and recordedRun == run

if lost then
  -- If the client has moved to another database, nothing is lost, and nothing is written there.
  local db = setLease(id, ttl, expectedDb)
  if type(db) == 'table' then return db end
  redis.call('DEL', LEASE)
  -- As if the lost holder had renewed now. A record that was mended before keeps its time.
  local raised = math.max(record.token, seen)
  if not (mended and record.till > 0) then
    record.till, record.at, record.peak = now + ttl, now, peakOf(record.at, record.peak)
  end
  record.exists, record.broken = true, false
  record.token, record.id, record.name, record.data, record.run = raised, '', '', '', run
  redis.call(
    'HSET',
    RECORD,
    'token',
    text(raised),
    'id',
    '',
    'name',
    '',
    'data',
    '',
    'run',
    run,
    'db',
    '',
    'until',
    text(record.till),
    'at',
    text(record.at),
    'peak',
    text(record.peak)
  )
end

if record.till > now + ttl then
  record.till, record.at, record.peak = now + ttl, now, peakOf(record.at, record.peak)
  redis.call('HSET', RECORD, 'until', text(record.till), 'at', text(now), 'peak', text(record.peak))
end

if record.till > 0 then
  -- Wait by both the server's clock and the candidate's estimate of it, since either may be wrong.
  -- Wait for a ttl at most, since either may stop.
  local estimate = watchedTime or now
  -- If the clock was set back, an equal until may have been written at another time.
  local isSame = watchedUntil == record.till and estimate <= now + CLOCK_AHEAD_TTLS * ttl
  local watchedFor = isSame and watchedAge or 0
  local wait = ttl - watchedFor
  -- An until that was written while the clock was set back may pass early, once the clock is
  -- corrected. Such an until has to be watched for a whole ttl.
  if record.at >= record.peak then wait = math.min(wait, record.till - math.min(now, estimate)) end
  if wait > 0 then return listCandidate() or reply('suspect', record, text(math.ceil(wait))) end
end

local released = releasedBy ~= '' and record.id == releasedBy and record.till == 0
local db = setLease(id, ttl, expectedDb)
if type(db) == 'table' then return db end
run = place(run, db)
record = grant(math.max(record.token + 1, micros, seen + 1), run)
local refused = write(record)
if refused then
  redis.call('DEL', LEASE) -- a refused request has granted nothing
  return refused
end
redis.pcall('ZREM', CANDIDATES, member)

-- Only this candidate knows of the release, so with many candidates the notices can wait.
if released and #redis.pcall('ZREVRANGEBYSCORE', CANDIDATES, '+inf', '-inf', 'LIMIT', ANNOUNCE_FIRST_MAX, 1) > 0 then
  return reply('granted', record, run, '1')
end
announce(channel, record, ttl, released and releasedBy or '')
return reply('granted', record, run)
