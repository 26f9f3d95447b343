-- Shared by all scripts.
--
-- Numbers travel as decimal text: a token has 16 digits, which cjson and the type mappings of some
-- clients would round. `till` is in whole ms of server time, as is the server's own expiry.

local LEASE, RECORD, CANDIDATES = KEYS[1], KEYS[2], KEYS[3]

local function text(number) return string.format('%.0f', number) end

local clock = redis.call('TIME')
local micros = clock[1] * 1000000 + clock[2]
local now = math.floor(micros / 1000)

-- A number as this library writes it. Returns nil for anything else, such as 'inf', 'nan' or '-1'.
local function whole(field)
  local number = tonumber(field or 0)
  return number and number >= 0 and number <= HIGHEST_NUMBER and number % 1 == 0 and number or nil
end

-- 'run id:database'. Either may be unknown. The record keeps them in two fields.
local function place(id, db) return (id == '' or db == '') and id or id .. ':' .. db end
local function databaseOf(run) return string.match(run, ':(%d+)$') or '' end
local function runIdOf(run) return string.match(run, '^[^:]*') end

-- The record as a table. Missing numbers are 0. `broken` means that a number cannot be read, so the
-- last term is not known.
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

-- The peak to write beside `till`. `at` is the server time of each write. If the clock is now
-- behind an earlier `at`, that time is kept as the peak, since the clock may be corrected later.
local function peakOf(at, peak)
  local latest = math.max(at, peak)
  return latest > now and latest or peak
end

-- { status, server time in us, highest token on record, until, ... }
local function reply(status, record, ...) return { status, text(micros), text(record.token), text(record.till), ... } end

-- As reply(), then the holder: id, ms left, name, data, token, an empty field, and the run and
-- database of its grant. A holder that writes no record has only id and ms left. The token of a
-- broken record is empty.
local function replyWithHolder(status, record, id)
  local left = redis.call('PTTL', LEASE)
  if left == -1 then return redis.error_reply('LEASECONFLICT the lease has no expiry, so it is none') end
  if record.id ~= id then return reply(status, record, id, left, '', '', '', '', '') end
  local token = record.broken and '' or text(record.token)
  return reply(status, record, id, left, record.name, record.data, token, '', record.run)
end

-- The id of this server run. Empty where INFO is not allowed.
local function runId()
  local info = redis.pcall('INFO', 'server')
  return type(info) == 'string' and string.match(info, 'run_id:(%w+)') or ''
end

-- Returns whether the message was published. Publishing may be forbidden. A notice only makes
-- things faster, so it must never fail a grant or a release.
local function publish(channel, fields)
  return type(redis.pcall('PUBLISH', channel, '{' .. table.concat(fields, ',') .. '}')) == 'number'
end

-- Whether the request arrived after its limit, in server ms. nil is no limit.
local function isLate(limit) return limit and micros > limit * 1000 end
