-- read: returns the holder of the lease, and changes nothing.
--
-- KEYS[1] lease
-- KEYS[2] record
--
-- Returns { status, server time us, token on record, until ms, ... }:
--   held     then the holder, as in acquire
--   free
-- Errors: WRONGTYPE; LEASECONFLICT, a lease without expiry.

-- @include prelude

local holder = redis.call('GET', LEASE)
local record = readRecord()
if holder then return replyWithHolder('held', record, holder) end
return reply('free', record)
