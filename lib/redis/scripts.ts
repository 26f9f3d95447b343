import { createHash } from 'node:crypto';

/** A Lua script and the hash Redis knows it by. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

/** ttls after its last attempt for which a candidate counts as standing by: it makes one in each. */
const FRESH = 1.5;

/** ttls by which a candidate may reckon the server's time too high while no clock is set: it may not have heard of it for long, and clocks drift. */
const AHEAD = 0.05;

/** The highest number that a record may have as a token or a time: clients can read the next one exactly. Real tokens are µs since 1970. */
const HIGHEST = 2 ** 53 - 2;

/** How many may stand by for Redis to tell them of a new leader before it answers that one; more are told afterwards. */
const FEW = 64;

/**
 * Shared by all scripts. Numbers travel as decimal text: a token has 16 digits, which cjson and some clients' type mappings would round.
 * `until` is in whole ms of server time, as is the server's own expiry.
 */
const PRELUDE = `
local LEASE, RECORD, CANDIDATES = KEYS[1], KEYS[2], KEYS[3]

local function text(number) return string.format('%.0f', number) end

local clock = redis.call('TIME')
local micros = clock[1] * 1000000 + clock[2]
local now = math.floor(micros / 1000)

-- A number as this library writes it; nil for what somebody else has put there, such as 'inf', 'nan' or '-1'.
local function whole(field)
  local number = tonumber(field or 0)
  return number and number >= 0 and number <= ${HIGHEST} and number % 1 == 0 and number or nil
end

-- 'run id:database', of which either may be unknown. The record keeps them in a field each.
local function place(id, db) return (id == '' or db == '') and id or id .. ':' .. db end
local function databaseOf(run) return string.match(run, ':(%d+)$') or '' end
local function runIdOf(run) return string.match(run, '^[^:]*') end

-- The record as a table; token and times are 0 where there is none. Broken: which term was the last is not known any more.
local function recorded()
  local r = redis.call('HMGET', RECORD, 'token', 'id', 'name', 'data', 'run', 'until', 'db', 'at', 'peak')
  local token, till = whole(r[1]), whole(r[6])
  return {
    exists = r[1] and true or false, token = token or 0, id = r[2] or '', name = r[3] or '',
    data = r[4] or '', run = place(r[5] or '', r[7] or ''), till = till or 0, broken = not (token and till),
    at = whole(r[8]) or 0, peak = whole(r[9]) or 0,
  }
end

-- An until that was written now is dated at. The latest date is kept as the peak where the clock was behind it, since it may be corrected.
local function peakOf(at, peak)
  local latest = math.max(at, peak)
  return latest > now and latest or peak
end

-- { status, server time in us, highest token on record, until, ... }
local function reply(status, record, ...)
  return { status, text(micros), text(record.token), text(record.till), ... }
end

-- As reply(), with the holder: id, ms left, name, data, token; then an empty field, and the run and database of its grant. All but id and ms left
-- are empty for one that writes no record; the token of a broken record is empty.
local function told(status, record, id)
  local left = redis.call('PTTL', LEASE)
  if left == -1 then
    return redis.error_reply('LEASECONFLICT the lease has no expiry, so it is none')
  end
  if record.id ~= id then return reply(status, record, id, left, '', '', '', '', '') end
  return reply(status, record, id, left, record.name, record.data, record.broken and '' or text(record.token), '', record.run)
end

-- This server run's id; empty where INFO is not allowed.
local function runId()
  local info = redis.pcall('INFO', 'server')
  return type(info) == 'string' and string.match(info, 'run_id:(%w+)') or ''
end

-- Subscribers may be forbidden or absent: a notice hastens, and must never make a grant or a release fail. Returns whether it was allowed.
local function publish(channel, fields)
  return type(redis.pcall('PUBLISH', channel, '{' .. table.concat(fields, ',') .. '}')) == 'number'
end

local function late(limit) return limit ~= '' and micros > tonumber(limit) * 1000 end
`;

const WRITE = `
-- The whole record of a grant or renewal; returns the error if it may not be written.
local function write(record)
  local done = redis.pcall('HSET', RECORD, 'token', text(record.token), 'id', record.id, 'name', record.name,
    'data', record.data, 'run', runIdOf(record.run), 'db', databaseOf(record.run), 'until', text(record.till),
    'at', text(now), 'peak', text(record.peak))
  return type(done) == 'table' and done.err and done or nil
end
`;

const PLACE = `
-- How many keys each database has, by its number.
local function keyspace()
  local info, counts = redis.pcall('INFO', 'keyspace'), {}
  if type(info) ~= 'string' then return counts end
  for db, count in string.gmatch(info, 'db(%d+):keys=(%d+)') do counts[db] = tonumber(count) end
  return counts
end

-- The number of this database, in which the lease was just set; empty where INFO is not allowed. No command tells the number, so it is the one
-- database with keys, or the one whose count changes with the lease.
local function database(id, ttl)
  local with = keyspace()
  local first = next(with)
  if not first or not next(with, first) then return first or '' end
  redis.call('DEL', LEASE)
  local without = keyspace()
  redis.call('SET', LEASE, id, 'PX', ttl)
  for db, count in pairs(with) do
    if count ~= without[db] then return db end
  end
  return ''
end

-- Sets the lease, in the database that is expected, empty for any. Returns that database, or an error.
local function setLease(id, ttl, expected)
  redis.call('SET', LEASE, id, 'PX', ttl, 'NX')
  local db = database(id, ttl)
  if expected == '' or db == '' or db == expected then return db end
  redis.call('DEL', LEASE)
  return redis.error_reply('LEASEMOVED from database ' .. expected .. ' to ' .. db)
end
`;

const ANNOUNCING = `
-- That releaser has left its lease to the holder, if it has, and that there is a new one.
local function announce(channel, record, ttl, releaser)
  if releaser ~= '' then
    publish(channel, { '"event":"released"', '"id":' .. cjson.encode(releaser), '"successor":' .. cjson.encode(record.id) })
  end
  publish(channel, {
    '"event":"elected"', '"id":' .. cjson.encode(record.id), '"name":' .. cjson.encode(record.name),
    '"data":' .. cjson.encode(record.data), '"token":' .. text(record.token), '"until":' .. text(record.till),
    '"ttl":' .. text(ttl),
  })
end
`;

const MEMBER = `
-- How a candidate is listed.
local function memberOf(id, name, data, inbox)
  return '{"id":' .. cjson.encode(id) .. ',"name":' .. cjson.encode(name) .. ',"data":' .. cjson.encode(data)
    .. ',"inbox":' .. cjson.encode(inbox) .. '}'
end
`;

const ACQUIRE = `
-- acquire: takes the lease if it is free.
--
-- KEYS[1] lease, KEYS[2] record, KEYS[3] candidates
-- ARGV[1] id          ARGV[2] ttl, ms              ARGV[3] name               ARGV[4] data
-- ARGV[5] highest token the candidate has seen     ARGV[6] not after, server ms, or empty
-- ARGV[7] 'elect' or 'wait': what no record means  ARGV[8] channel
-- ARGV[9] the until the candidate watches, server ms, 0 for none; this and the next two are empty before its first reply
-- ARGV[10] server time by its own reckoning, ms    ARGV[11] ms it has watched that until
-- ARGV[12] 1 if the candidate hears of releases, else 0                      ARGV[13] its inbox: the channel where it alone is told
-- ARGV[14] the holder that is known to have told it alone of a release, or empty: others have yet to be told
-- ARGV[15] the database that the client's elections are in, or empty where that is unknown
--
-- Returns { status, server time us, token on record, until ms, ... }:
--   granted  its token is the term's; then 'run id:database' of the server; and 1 where announce has to follow
--   held     then the holder: id, ms left, name, data, token (empty where it writes no record); the ms that were left before they were cut, or
--            empty; and 'run id:database' of its grant, or empty
--   suspect  the lease is absent but not free; then the ms until it is
--   late     arrived after ARGV[6]; nothing was changed
-- Errors: WRONGTYPE, LEASECONFLICT (a lease without expiry), LEASEMOVED (not in the database ARGV[15]), and what Redis says to a refused write.
${PRELUDE}${WRITE}${PLACE}${ANNOUNCING}${MEMBER}
local id, ttl = ARGV[1], tonumber(ARGV[2])
local seen, channel = whole(ARGV[5]) or 0, ARGV[8]

local holder = redis.call('GET', LEASE)
local record = recorded()
if late(ARGV[6]) then return reply('late', record) end

local function grant(token, run)
  local peak = peakOf(record.at, record.peak)
  return { token = token, id = id, name = ARGV[3], data = ARGV[4], run = run, till = now + ttl, peak = peak }
end

local member = memberOf(id, ARGV[3], ARGV[4], ARGV[13])

-- Lists who has to stand by, under the time of this attempt; those who have not asked for long, or will have asked by a clock that was set
-- back since, go. The list is a help: whoever may not write it, or finds no room, does without. Only a replica's refusal is returned: what a
-- replica knows of the lease may be long out of date, and nobody is elected there.
local function listed()
  local deaf = ARGV[12] == '1' and '.0' or '.5' -- ms: who would not hear of a release is not to be named in it
  local done = redis.pcall('ZADD', CANDIDATES, text(now) .. deaf, member)
  if type(done) == 'table' and string.find(done.err, 'READONLY', 1, true) then return done end
  redis.pcall('ZREMRANGEBYSCORE', CANDIDATES, '-inf', '(' .. text(math.floor(now - ${FRESH} * ttl)))
  redis.pcall('ZREMRANGEBYSCORE', CANDIDATES, text(now + 1), '+inf')
  redis.pcall('PEXPIRE', CANDIDATES, 2 * ttl)
end

-- A client may send a request twice. The second is not a second grant: same token, fresh expiry.
if holder == id then
  redis.call('PEXPIRE', LEASE, ttl)
  local again = record.id == id and not record.broken
  record = grant(again and record.token or math.max(record.token + 1, micros, seen + 1), again and record.run or '')
  local refused = write(record)
  if refused then return refused end
  return reply('granted', record, record.run)
end

if holder then
  -- Further ahead than anyone would put it: the server's clock was set back. Waited out no longer than a ttl, lease and record
  -- together, or the one would be waited out after the other.
  local left = redis.call('PTTL', LEASE)
  if left > ttl then
    redis.call('PEXPIRE', LEASE, ttl)
    publish(channel, { '"event":"cut"', '"id":' .. cjson.encode(holder) }) -- one who is alive, and has a longer ttl, renews it
    if record.till > now + ttl then
      record.till = now + ttl
      redis.pcall('HSET', RECORD, 'until', text(record.till), 'at', text(now), 'peak', text(peakOf(record.at, record.peak)))
    end
  end
  local answer = told('held', record, holder)
  if answer.err then return answer end
  if left > ttl then answer[10] = left end
  return listed() or answer
end

-- The lease is absent. That it ran out or was given up is for the record to say; a store that lost it must not free it.
local run = runId()
local recordedRun = runIdOf(record.run)
local lost = record.broken or (record.exists and run ~= '' and recordedRun ~= '' and recordedRun ~= run)
  or seen > record.token
  or (ARGV[7] == 'wait' and not record.exists)
local mended = record.exists and record.id == '' and recordedRun == run

if lost then
  -- Nothing is lost where the client has moved to another database: then nothing is written there.
  local db = setLease(id, ttl, ARGV[15])
  if type(db) == 'table' then return db end
  redis.call('DEL', LEASE)
  -- As if the lost holder had renewed this instant; a record that stands mended already keeps its time.
  local raised = math.max(record.token, seen)
  if not (mended and record.till > 0) then
    record.till, record.at, record.peak = now + ttl, now, peakOf(record.at, record.peak)
  end
  record.exists, record.broken = true, false
  record.token, record.id, record.name, record.data, record.run = raised, '', '', '', run
  redis.call('HSET', RECORD, 'token', text(raised), 'id', '', 'name', '', 'data', '', 'run', run, 'db', '',
    'until', text(record.till), 'at', text(record.at), 'peak', text(record.peak))
end

if record.till > now + ttl then
  record.till, record.at, record.peak = now + ttl, now, peakOf(record.at, record.peak)
  redis.call('HSET', RECORD, 'until', text(record.till), 'at', text(now), 'peak', text(record.peak))
end

if record.till > 0 then
  -- By the server's clock and by the candidate's reckoning of it, since either may be wrong; a ttl at most, since neither may stop.
  local reckoned = tonumber(ARGV[10]) or now
  -- By a clock that was set back, the same until may be of another time.
  local isSame = tonumber(ARGV[9]) == record.till and reckoned <= now + ${AHEAD} * ttl
  local watchedFor = isSame and tonumber(ARGV[11]) or 0
  local wait = ttl - watchedFor
  -- An until that was written while the clock was set back may pass early, when the clock is corrected: it has to be watched for a ttl.
  if record.at >= record.peak then wait = math.min(wait, record.till - math.min(now, reckoned)) end
  if wait > 0 then
    return listed() or reply('suspect', record, text(math.ceil(wait)))
  end
end

local released = ARGV[14] ~= '' and record.id == ARGV[14] and record.till == 0
local db = setLease(id, ttl, ARGV[15])
if type(db) == 'table' then return db end
run = place(run, db)
record = grant(math.max(record.token + 1, micros, seen + 1), run)
local refused = write(record)
if refused then
  redis.call('DEL', LEASE) -- a refused request has granted nothing
  return refused
end
redis.pcall('ZREM', CANDIDATES, member)

-- Nobody but the candidate knows yet that the lease is free: nobody is in a hurry to hear who has it.
if released and #redis.pcall('ZREVRANGEBYSCORE', CANDIDATES, '+inf', '-inf', 'LIMIT', ${FEW}, 1) > 0 then
  return reply('granted', record, run, '1')
end
announce(channel, record, ttl, released and ARGV[14] or '')
return reply('granted', record, run)
`;

const ANNOUNCE = `
-- announce: tells everyone of an election that acquire has left untold, if it still holds.
--
-- KEYS[1] lease, KEYS[2] record
-- ARGV[1] id     ARGV[2] ttl, ms     ARGV[3] channel     ARGV[4] the holder that has told it alone of its release
--
-- Returns { 'announced', server time us, token on record, until ms }, told or not.
${PRELUDE}${ANNOUNCING}
local record = recorded()
if redis.call('GET', LEASE) == ARGV[1] and record.id == ARGV[1] then announce(ARGV[3], record, ARGV[2], ARGV[4]) end
return reply('announced', record)
`;

const RENEW = `
-- renew: extends the candidate's own lease, or puts it back where the store has lost it.
--
-- KEYS[1] lease, KEYS[2] record
-- ARGV[1] id     ARGV[2] ttl, ms   ARGV[3] name    ARGV[4] data    ARGV[5] the term's token
-- ARGV[6] not after, server ms, or empty           ARGV[7] 'run id:database' of the server as granted, or empty
-- ARGV[8] 1 if the present run id is asked for, or empty      ARGV[9] given, the lease is to be in place: it is not put back
--
-- Returns { status, server time us, token on record, until ms, ... }:
--   renewed  then the server's 'run id:database', if that was asked for
--   lost     then the holder as acquire's held has it, all empty where nobody holds the lease
--   late     arrived after ARGV[6]; nothing was changed
-- Errors: as acquire; LEASEMOVED where the lease would be put back into another database than it was granted in.
${PRELUDE}${WRITE}${PLACE}
local id, ttl, token = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[5])

local holder = redis.call('GET', LEASE)
local record = recorded()
if late(ARGV[6]) then return reply('late', record) end

local run = ARGV[7]
if holder == id then
  -- Before anything else is written: a full server refuses the first write of a script unless it frees or touches only.
  redis.call('PEXPIRE', LEASE, ttl)
else
  if holder then return told('lost', record, holder) end
  -- Vanished. Put back, unless this very term was released, or a later one may have begun.
  local released = record.id == id and record.till == 0 and not record.broken
  local later = record.token > token or (record.broken and record.id ~= id)
  if released or later or ARGV[9] then return reply('lost', record, '', 0, '', '', '') end
  local db = setLease(id, ttl, databaseOf(run))
  if type(db) == 'table' then return db end
  -- Of another run it stays: this may have been long on its way from there, and the lease been granted since to another, of whom this run knows nothing.
  if run == '' then run = place(runId(), db) end
end

local peak = peakOf(record.at, record.peak)
record = { token = math.max(record.token, token), id = id, name = ARGV[3], data = ARGV[4], run = run, till = now + ttl, peak = peak }
return write(record) or reply('renewed', record, ARGV[8] == '1' and place(runId(), databaseOf(run)) or nil)
`;

const RENEW_MANY = `
-- renewMany: extends several leases that are in place, each under a record of its own, as renew does.
--
-- KEYS[2i-1] a lease, KEYS[2i] its record
-- ARGV[1] ttl, ms     ARGV[2] not after, server ms, or empty     ARGV[3] 'run id:database' as granted, or empty
-- ARGV[4] 1 if the present run id is asked for, or empty         ARGV[i+4] the lease's id, a space, and the term's token
--
-- Returns { server time us, until ms, 'run id:database' or empty, ... }: then each i that is to be asked for renew, alone: it is not as it was granted or renewed last,
-- it comes too late, or something refuses it. Nothing was changed for it then but the expiry of its own lease.
${PRELUDE}
local ttl, run = ARGV[1], ARGV[3]
local at, till = text(now), text(now + ttl)
local isLate = late(ARGV[2])

-- Who has written its id has written all else but the time, and maybe the run.
local function renew(i)
  if isLate then return false end
  local lease, record = KEYS[2 * i - 1], KEYS[2 * i]
  local r = redis.call('HMGET', record, 'id', 'token', 'run', 'db', 'at', 'peak')
  if r[1] .. ' ' .. r[2] ~= ARGV[i + 4] or redis.call('GET', lease) ~= r[1] then return false end
  redis.call('PEXPIRE', lease, ttl)
  local fields = { 'until', till, 'at', at }
  local before = whole(r[6]) or 0
  local peak = peakOf(whole(r[5]) or 0, before)
  if place(r[3], r[4] or '') ~= run then
    for _, field in ipairs({ 'run', runIdOf(run), 'db', databaseOf(run) }) do table.insert(fields, field) end
  end
  if peak ~= before then table.insert(fields, 'peak') table.insert(fields, text(peak)) end
  redis.call('HSET', record, unpack(fields))
  return true
end

local replies = { text(micros), till, ARGV[4] == '1' and place(runId(), databaseOf(run)) or '' }
for i = 1, #KEYS / 2 do
  local done, renewed = pcall(renew, i)
  if not (done and renewed) then table.insert(replies, text(i)) end
end
return replies
`;

const RELEASE = `
-- release: gives the candidate's own lease up.
--
-- KEYS[1] lease, KEYS[2] record, KEYS[3] candidates
-- ARGV[1] id     ARGV[2] channel     ARGV[3] the id or name of who is to be next, or empty: who hears of it and asked last
-- ARGV[4] 1 if it is enough to tell that one, else 0
-- ARGV[5] the id of who was told alone and has not come, or empty: the lease was released before, and nobody has been heard of since
--
-- Returns { status, server time us, token on record, until ms, ... }:
--   released  then the id of who was told alone; empty where everyone was
--   gone      there was no lease of that id
-- Errors: WRONGTYPE, and what Redis says to a refused write.
${PRELUDE}
local id = ARGV[1]
local holder = redis.call('GET', LEASE)
local held = holder == id
local record = recorded() -- before the lease goes: a release that fails has changed nothing
if held then redis.call('DEL', LEASE) end

local own = record.id == id and record.till ~= 0
if own then
  -- A full server may refuse this where there was nothing to delete first; then the time is waited out.
  local done = redis.pcall('HSET', RECORD, 'until', '0')
  if type(done) ~= 'table' then record.till = 0 end
end

local wish, absent = ARGV[3], ARGV[5]

-- The id and the inbox of the first of the latest that hears of releases: its time is a whole number. A wish is an id, else a name: of several
-- candidates with that name, the one that hears and asked last. Who is wished for is named even unlisted.
local function successor()
  local named, namesake
  local latest = redis.pcall('ZREVRANGEBYSCORE', CANDIDATES, '+inf', '-inf', 'WITHSCORES', 'LIMIT', 0, wish == '' and 16 or 1000)
  for i = 1, latest.err and 0 or #latest, 2 do
    local known, candidate = pcall(cjson.decode, latest[i])
    local other = known and type(candidate) == 'table' and candidate.id
    if type(other) ~= 'string' or other == '' then -- none of ours
    elseif other == absent then
      redis.pcall('ZREM', CANDIDATES, latest[i])
    elseif other ~= id then
      local hears = latest[i + 1] % 1 == 0
      if hears and (wish == '' or other == wish) then return other, candidate.inbox end
      if candidate.name == wish and hears then named = named or candidate end
      if candidate.name == wish then namesake = namesake or other end
    end
  end
  if wish == '' then return nil end
  if named then return named.id, named.inbox end
  return namesake or wish
end

-- One whose last attempt may have been heard, and its answer not, gives up under the id that it stood by under.
if not held then
  local start = '{"id":' .. cjson.encode(id) .. ','
  local latest = redis.pcall('ZREVRANGEBYSCORE', CANDIDATES, '+inf', '-inf', 'LIMIT', 0, 1000)
  for i = 1, latest.err and 0 or #latest do
    if string.sub(latest[i], 1, #start) == start then redis.pcall('ZREM', CANDIDATES, latest[i]) end
  end
end

local told = ''
local free = absent ~= '' and record.id == id -- whoever took it since without a record (go-leader) has told nobody
if held or own or free then
  local fields = { '"event":"released"', '"id":' .. cjson.encode(id) }
  local named, inbox = successor()
  if named then table.insert(fields, '"successor":' .. cjson.encode(named)) end
  local whisper = { '"channel":' .. cjson.encode(ARGV[2]), unpack(fields) }
  if ARGV[4] == '1' and type(inbox) == 'string' and inbox ~= '' and publish(inbox, whisper) then
    told = named
  else
    publish(ARGV[2], fields)
  end
end
if not held then return reply('gone', record) end
return reply('released', record, told)
`;

const WITHDRAW = `
-- withdraw: takes a candidate off the list.
--
-- KEYS[1] lease, KEYS[2] record, KEYS[3] candidates
-- ARGV[1] id     ARGV[2] name     ARGV[3] data     ARGV[4] inbox, all as acquire had them
--
-- Returns { 'withdrawn', server time us, token on record, until ms }, listed or not.
${PRELUDE}${MEMBER}
redis.pcall('ZREM', CANDIDATES, memberOf(ARGV[1], ARGV[2], ARGV[3], ARGV[4]))
return reply('withdrawn', recorded())
`;

const READ = `
-- read: tells who holds the lease, and changes nothing.
--
-- KEYS[1] lease, KEYS[2] record
--
-- Returns { status, server time us, token on record, until ms, ... }:
--   held     then the holder, as acquire has it
--   free
-- Errors: WRONGTYPE, LEASECONFLICT (a lease without expiry).
${PRELUDE}
local holder = redis.call('GET', LEASE)
local record = recorded()
if holder then return told('held', record, holder) end
return reply('free', record)
`;

const LIST = `
-- list: tells who stands by, and changes nothing.
--
-- KEYS[1] lease, KEYS[2] record, KEYS[3] candidates
-- ARGV[1] ttl, ms
--
-- Returns { 'listed', server time us, token on record, until ms, ... }: then each of them, JSON with id, name and data, and when it asked last,
-- server ms; who asked last comes first.
-- Errors: WRONGTYPE.
${PRELUDE}
local fresh = text(math.floor(now - ${FRESH} * ARGV[1]))
local found = redis.call('ZREVRANGEBYSCORE', CANDIDATES, '+inf', fresh, 'WITHSCORES', 'LIMIT', 0, 1000)
return reply('listed', recorded(), unpack(found))
`;

const script = (source: string): Script => ({
  source,
  sha: createHash('sha1').update(source).digest('hex'),
});

export const scripts = {
  acquire: script(ACQUIRE),
  renew: script(RENEW),
  renewMany: script(RENEW_MANY),
  release: script(RELEASE),
  read: script(READ),
  announce: script(ANNOUNCE),
  withdraw: script(WITHDRAW),
  list: script(LIST),
} as const;
