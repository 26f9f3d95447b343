// Generated from lib/redis/scripts/*.lua by `npm run lua`. Do not edit.
import {
  ANNOUNCE_FIRST_MAX,
  CANDIDATES_MAX,
  CLOCK_AHEAD_TTLS,
  HIGHEST_NUMBER,
  LISTED_TTLS,
  SUCCESSOR_SEARCH,
} from '../port/limits.js';
import type { Keys } from './keys.js';
import { flag, optional, script } from './script.js';

/** The arguments of `acquire`. */
export interface AcquireArgs {
  readonly id: string;
  /** ms */
  readonly ttl: number;
  readonly name: string;
  readonly data: string;
  /** the highest token that the candidate has seen */
  readonly lastToken: number;
  /** server ms */
  readonly notAfter: number | undefined;
  /** what a missing record means */
  readonly coldStart: 'elect' | 'wait';
  readonly channel: string;
  /** server ms; it and the next two: from the last reply */
  readonly watchedUntil: number | undefined;
  /** the candidate's estimate of the server time, ms */
  readonly watchedTime: number | undefined;
  /** ms for which the candidate has watched that until */
  readonly watchedAge: number | undefined;
  /** whether the candidate receives notices of releases */
  readonly hears: boolean;
  /** the channel of this candidate's client alone */
  readonly inbox: string;
  /** the holder that sent its release to this inbox alone, or empty */
  readonly releasedBy: string;
  /** the database of the client's elections, or empty if unknown */
  readonly expectedDb: string;
}

/** The arguments of `announce`. */
export interface AnnounceArgs {
  readonly id: string;
  /** ms */
  readonly ttl: number;
  readonly channel: string;
  /** the holder that sent its release to one inbox alone */
  readonly releasedBy: string;
}

/** The arguments of `list`. */
export interface ListArgs {
  /** ms */
  readonly ttl: number;
}

/** The arguments of `release`. */
export interface ReleaseArgs {
  readonly id: string;
  readonly channel: string;
  /** the id or name of the next leader; empty for the latest candidate */
  readonly successor: string;
  /** whether to notify the successor alone */
  readonly quiet: boolean;
  /** a candidate that was notified alone and did not come, or empty */
  readonly absent: string;
}

/** The arguments of `renewMany`. */
export interface RenewManyArgs {
  /** ms */
  readonly ttl: number;
  /** server ms */
  readonly notAfter: number | undefined;
  /** 'run id:database' of the server that granted, or empty */
  readonly run: string;
  /** whether to return the present run */
  readonly asksRun: boolean;
  /** for each lease its id, a space, and the term's token */
  readonly grants: readonly string[];
}

/** The arguments of `renew`. */
export interface RenewArgs {
  readonly id: string;
  /** ms */
  readonly ttl: number;
  readonly name: string;
  readonly data: string;
  /** of the term */
  readonly token: number;
  /** server ms */
  readonly notAfter: number | undefined;
  /** 'run id:database' of the server that granted, or empty */
  readonly run: string;
  /** whether to return the present run */
  readonly asksRun: boolean;
  /** whether the lease must be there; then it is not restored */
  readonly inPlace: boolean;
}

/** The arguments of `withdraw`. */
export interface WithdrawArgs {
  readonly id: string;
  readonly name: string;
  readonly data: string;
  /** all as in acquire */
  readonly inbox: string;
}

const ANNOUNCE_LUA = `local function announce(channel, record, ttl, releasedBy)
if releasedBy ~= '' then
publish(channel, {
'"event":"released"',
'"id":' .. cjson.encode(releasedBy),
'"successor":' .. cjson.encode(record.id),
})
end
publish(channel, {
'"event":"elected"',
'"id":' .. cjson.encode(record.id),
'"name":' .. cjson.encode(record.name),
'"data":' .. cjson.encode(record.data),
'"token":' .. text(record.token),
'"until":' .. text(record.till),
'"ttl":' .. text(ttl),
})
end
`;

const MEMBER_LUA = `local function memberOf(id, name, data, inbox)
return table.concat({
'{"id":' .. cjson.encode(id),
'"name":' .. cjson.encode(name),
'"data":' .. cjson.encode(data),
'"inbox":' .. cjson.encode(inbox) .. '}',
}, ',')
end
`;

const PLACE_LUA = `local function keyspace()
local info, counts = redis.pcall('INFO', 'keyspace'), {}
if type(info) ~= 'string' then return counts end
for db, count in string.gmatch(info, 'db(%d+):keys=(%d+)') do
counts[db] = tonumber(count)
end
return counts
end
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
local function setLease(id, ttl, expected)
redis.call('SET', LEASE, id, 'PX', ttl, 'NX')
local db = database(id, ttl)
if expected == '' or db == '' or db == expected then return db end
redis.call('DEL', LEASE)
return redis.error_reply('LEASEMOVED from database ' .. expected .. ' to ' .. db)
end
`;

const PRELUDE_LUA = `local LEASE, RECORD, CANDIDATES = KEYS[1], KEYS[2], KEYS[3]
local function text(number) return string.format('%.0f', number) end
local clock = redis.call('TIME')
local micros = clock[1] * 1000000 + clock[2]
local now = math.floor(micros / 1000)
local function whole(field)
local number = tonumber(field or 0)
return number and number >= 0 and number <= ${HIGHEST_NUMBER} and number % 1 == 0 and number or nil
end
local function place(id, db) return (id == '' or db == '') and id or id .. ':' .. db end
local function databaseOf(run) return string.match(run, ':(%d+)$') or '' end
local function runIdOf(run) return string.match(run, '^[^:]*') end
local function readRecord()
local r = redis.call('HMGET', RECORD, 'token', 'id', 'name', 'data', 'run', 'until', 'db', 'at', 'peak')
local token, till = whole(r[1]), whole(r[6])
return {
exists = r[1] and true or false,
token = token or 0,
id = r[2] or '',
name = r[3] or '',
data = r[4] or '',
run = place(r[5] or '', r[7] or ''),
till = till or 0,
broken = not (token and till),
at = whole(r[8]) or 0,
peak = whole(r[9]) or 0,
}
end
local function peakOf(at, peak)
local latest = math.max(at, peak)
return latest > now and latest or peak
end
local function reply(status, record, ...) return { status, text(micros), text(record.token), text(record.till), ... } end
local function replyWithHolder(status, record, id)
local left = redis.call('PTTL', LEASE)
if left == -1 then return redis.error_reply('LEASECONFLICT the lease has no expiry, so it is none') end
if record.id ~= id then return reply(status, record, id, left, '', '', '', '', '') end
local token = record.broken and '' or text(record.token)
return reply(status, record, id, left, record.name, record.data, token, '', record.run)
end
local function runId()
local info = redis.pcall('INFO', 'server')
return type(info) == 'string' and string.match(info, 'run_id:(%w+)') or ''
end
local function publish(channel, fields)
return type(redis.pcall('PUBLISH', channel, '{' .. table.concat(fields, ',') .. '}')) == 'number'
end
local function isLate(limit) return limit and micros > limit * 1000 end
`;

const WRITE_LUA = `local function write(record)
local done = redis.pcall(
'HSET',
RECORD,
'token',
text(record.token),
'id',
record.id,
'name',
record.name,
'data',
record.data,
'run',
runIdOf(record.run),
'db',
databaseOf(record.run),
'until',
text(record.till),
'at',
text(now),
'peak',
text(record.peak)
)
return type(done) == 'table' and done.err and done or nil
end
`;

const ACQUIRE = `${PRELUDE_LUA}${WRITE_LUA}${PLACE_LUA}${ANNOUNCE_LUA}${MEMBER_LUA}local id, ttl, name, data, lastToken, notAfter, coldStart, channel, watchedUntil, watchedTime, watchedAge, hears, inbox, releasedBy, expectedDb = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7], ARGV[8], tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11]), ARGV[12] == '1', ARGV[13], ARGV[14], ARGV[15]
local seen = whole(lastToken) or 0
local holder = redis.call('GET', LEASE)
local record = readRecord()
if isLate(notAfter) then return reply('late', record) end
local function grant(token, run)
local peak = peakOf(record.at, record.peak)
return { token = token, id = id, name = name, data = data, run = run, till = now + ttl, peak = peak }
end
local member = memberOf(id, name, data, inbox)
local function listCandidate()
local fraction = hears and '.0' or '.5'
local done = redis.pcall('ZADD', CANDIDATES, text(now) .. fraction, member)
if type(done) == 'table' and string.find(done.err, 'READONLY', 1, true) then return done end
redis.pcall('ZREMRANGEBYSCORE', CANDIDATES, '-inf', '(' .. text(math.floor(now - ${LISTED_TTLS} * ttl)))
redis.pcall('ZREMRANGEBYSCORE', CANDIDATES, text(now + 1), '+inf')
redis.pcall('PEXPIRE', CANDIDATES, 2 * ttl)
end
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
local left = redis.call('PTTL', LEASE)
if left > ttl then
redis.call('PEXPIRE', LEASE, ttl)
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
local run = runId()
local recordedRun = runIdOf(record.run)
local lost = record.broken
or (record.exists and run ~= '' and recordedRun ~= '' and recordedRun ~= run)
or seen > record.token
or (coldStart == 'wait' and not record.exists)
local mended = record.exists and record.id == '' and recordedRun == run
if lost then
local db = setLease(id, ttl, expectedDb)
if type(db) == 'table' then return db end
redis.call('DEL', LEASE)
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
local estimate = watchedTime or now
local isSame = watchedUntil == record.till and estimate <= now + ${CLOCK_AHEAD_TTLS} * ttl
local watchedFor = isSame and watchedAge or 0
local wait = ttl - watchedFor
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
redis.call('DEL', LEASE)
return refused
end
redis.pcall('ZREM', CANDIDATES, member)
if released and #redis.pcall('ZREVRANGEBYSCORE', CANDIDATES, '+inf', '-inf', 'LIMIT', ${ANNOUNCE_FIRST_MAX}, 1) > 0 then
return reply('granted', record, run, '1')
end
announce(channel, record, ttl, released and releasedBy or '')
return reply('granted', record, run)
`;

const ANNOUNCE = `${PRELUDE_LUA}${ANNOUNCE_LUA}local id, ttl, channel, releasedBy = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local record = readRecord()
if redis.call('GET', LEASE) == id and record.id == id then announce(channel, record, ttl, releasedBy) end
return reply('announced', record)
`;

const LIST = `${PRELUDE_LUA}local ttl = tonumber(ARGV[1])
local oldest = text(math.floor(now - ${LISTED_TTLS} * ttl))
local found = redis.call('ZREVRANGEBYSCORE', CANDIDATES, '+inf', oldest, 'WITHSCORES', 'LIMIT', 0, ${CANDIDATES_MAX})
return reply('listed', readRecord(), unpack(found))
`;

const READ = `${PRELUDE_LUA}local holder = redis.call('GET', LEASE)
local record = readRecord()
if holder then return replyWithHolder('held', record, holder) end
return reply('free', record)
`;

const RELEASE = `${PRELUDE_LUA}local id, channel, successor, quiet, absent = ARGV[1], ARGV[2], ARGV[3], ARGV[4] == '1', ARGV[5]
local holder = redis.call('GET', LEASE)
local held = holder == id
local record = readRecord()
if held then redis.call('DEL', LEASE) end
local own = record.id == id and record.till ~= 0
if own then
local done = redis.pcall('HSET', RECORD, 'until', '0')
if type(done) ~= 'table' then record.till = 0 end
end
local function findSuccessor()
local named, namesake
local limit = successor == '' and ${SUCCESSOR_SEARCH} or ${CANDIDATES_MAX}
local latest = redis.pcall('ZREVRANGEBYSCORE', CANDIDATES, '+inf', '-inf', 'WITHSCORES', 'LIMIT', 0, limit)
for i = 1, latest.err and 0 or #latest, 2 do
local known, candidate = pcall(cjson.decode, latest[i])
local other = known and type(candidate) == 'table' and candidate.id
if type(other) ~= 'string' or other == '' then
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
if not held then
local start = '{"id":' .. cjson.encode(id) .. ','
local latest = redis.pcall('ZREVRANGEBYSCORE', CANDIDATES, '+inf', '-inf', 'LIMIT', 0, ${CANDIDATES_MAX})
for i = 1, latest.err and 0 or #latest do
if string.sub(latest[i], 1, #start) == start then redis.pcall('ZREM', CANDIDATES, latest[i]) end
end
end
local notified = ''
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
`;

const RENEW_MANY = `${PRELUDE_LUA}local ttl, notAfter, run, asksRun = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4] == '1'
local function grants(i) return ARGV[i+4] end
local at, till = text(now), text(now + ttl)
local late = isLate(notAfter)
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
`;

const RENEW = `${PRELUDE_LUA}${WRITE_LUA}${PLACE_LUA}local id, ttl, name, data, token, notAfter, run, asksRun, inPlace = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7], ARGV[8] == '1', ARGV[9] == '1'
local holder = redis.call('GET', LEASE)
local record = readRecord()
if isLate(notAfter) then return reply('late', record) end
if holder == id then
redis.call('PEXPIRE', LEASE, ttl)
else
if holder then return replyWithHolder('lost', record, holder) end
local released = record.id == id and record.till == 0 and not record.broken
local later = record.token > token or (record.broken and record.id ~= id)
if released or later or inPlace then return reply('lost', record, '', 0, '', '', '') end
local db = setLease(id, ttl, databaseOf(run))
if type(db) == 'table' then return db end
if run == '' then run = place(runId(), db) end
end
local peak = peakOf(record.at, record.peak)
local latest = math.max(record.token, token)
record = { token = latest, id = id, name = name, data = data, run = run, till = now + ttl, peak = peak }
return write(record) or reply('renewed', record, asksRun and place(runId(), databaseOf(run)) or nil)
`;

const WITHDRAW = `${PRELUDE_LUA}${MEMBER_LUA}local id, name, data, inbox = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
redis.pcall('ZREM', CANDIDATES, memberOf(id, name, data, inbox))
return reply('withdrawn', readRecord())
`;

export const scripts = {
  /** Takes the lease if it is free. */
  acquire: script(
    ACQUIRE,
    ({ lease, record, candidates }: Keys) => [lease, record, candidates],
    ({
      id,
      ttl,
      name,
      data,
      lastToken,
      notAfter,
      coldStart,
      channel,
      watchedUntil,
      watchedTime,
      watchedAge,
      hears,
      inbox,
      releasedBy,
      expectedDb,
    }: AcquireArgs) => [
      id,
      String(ttl),
      name,
      data,
      String(lastToken),
      optional(notAfter),
      coldStart,
      channel,
      optional(watchedUntil),
      optional(watchedTime),
      optional(watchedAge),
      flag(hears),
      inbox,
      releasedBy,
      expectedDb,
    ],
  ),
  /** Publishes an election that acquire has not published, if its leader still holds. */
  announce: script(
    ANNOUNCE,
    ({ lease, record }: Keys) => [lease, record],
    ({ id, ttl, channel, releasedBy }: AnnounceArgs) => [id, String(ttl), channel, releasedBy],
  ),
  /** Returns the candidates, and changes nothing. */
  list: script(
    LIST,
    ({ lease, record, candidates }: Keys) => [lease, record, candidates],
    ({ ttl }: ListArgs) => [String(ttl)],
  ),
  /** Returns the holder of the lease, and changes nothing. */
  read: script(
    READ,
    ({ lease, record }: Keys) => [lease, record],
    () => [],
  ),
  /** Gives up the candidate's own lease. */
  release: script(
    RELEASE,
    ({ lease, record, candidates }: Keys) => [lease, record, candidates],
    ({ id, channel, successor, quiet, absent }: ReleaseArgs) => [id, channel, successor, flag(quiet), absent],
  ),
  /** Extends several leases that are in place, each with its own record, as renew does. */
  renewMany: script(
    RENEW_MANY,
    (elections: readonly Keys[]) => elections.flatMap(({ lease, record }) => [lease, record]),
    ({ ttl, notAfter, run, asksRun, grants }: RenewManyArgs) => [
      String(ttl),
      optional(notAfter),
      run,
      flag(asksRun),
      ...grants,
    ],
  ),
  /** Extends the candidate's own lease, or restores it if the store has lost it. */
  renew: script(
    RENEW,
    ({ lease, record }: Keys) => [lease, record],
    ({ id, ttl, name, data, token, notAfter, run, asksRun, inPlace }: RenewArgs) => [
      id,
      String(ttl),
      name,
      data,
      String(token),
      optional(notAfter),
      run,
      flag(asksRun),
      flag(inPlace),
    ],
  ),
  /** Removes a candidate from the list. */
  withdraw: script(
    WITHDRAW,
    ({ lease, record, candidates }: Keys) => [lease, record, candidates],
    ({ id, name, data, inbox }: WithdrawArgs) => [id, name, data, inbox],
  ),
} as const;
