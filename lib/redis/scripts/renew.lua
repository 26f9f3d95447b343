-- renew: extends the candidate's own lease, or restores it if the store has lost it.
--
-- KEYS[1] lease
-- KEYS[2] record
-- ARGV[1] id: string
-- ARGV[2] ttl: number, ms
-- ARGV[3] name: string
-- ARGV[4] data: string
-- ARGV[5] token: number, of the term
-- ARGV[6] notAfter: number | undefined, server ms
-- ARGV[7] run: string, 'run id:database' of the server that granted, or empty
-- ARGV[8] asksRun: boolean, whether to return the present run
-- ARGV[9] inPlace: boolean, whether the lease must be there; then it is not restored
--
-- Returns { status, server time us, token on record, until ms, ... }:
--   renewed  Then 'run id:database' of the server, if asksRun.
--   lost     Then the holder as in acquire's held. All empty if nobody holds the lease.
--   late     Arrived after notAfter. Nothing was changed.
-- Errors: as acquire; LEASEMOVED if the lease was granted in another database.

-- @include prelude
-- @include write
-- @include place

local holder = redis.call('GET', LEASE)
local record = readRecord()
if isLate(notAfter) then return reply('late', record) end

if holder == id then
  -- First of all writes: a full server refuses a script whose first write needs memory.
  redis.call('PEXPIRE', LEASE, ttl)
else
  if holder then return replyWithHolder('lost', record, holder) end
  -- The lease has vanished. Restore it, unless this term was released or a later one may exist.
  local released = record.id == id and record.till == 0 and not record.broken
  local later = record.token > token or (record.broken and record.id ~= id)
  if released or later or inPlace then return reply('lost', record, '', 0, '', '', '') end
  local db = setLease(id, ttl, databaseOf(run))
  if type(db) == 'table' then return db end
  -- A known run stays. This request may have been sent to that run long ago, and the lease may have
  -- been granted since to a candidate that the present run does not know.
  if run == '' then run = place(runId(), db) end
end

local peak = peakOf(record.at, record.peak)
local latest = math.max(record.token, token)
record = { token = latest, id = id, name = name, data = data, run = run, till = now + ttl, peak = peak }
return write(record) or reply('renewed', record, asksRun and place(runId(), databaseOf(run)) or nil)
