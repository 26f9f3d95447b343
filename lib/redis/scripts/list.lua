-- list: returns the candidates, and changes nothing.
--
-- KEYS[1] lease
-- KEYS[2] record
-- KEYS[3] candidates
-- ARGV[1] ttl: number, ms
--
-- Returns { 'listed', server time us, token on record, until ms, ... }: then for each candidate its
-- JSON with id, name and data, and the server ms of its last attempt. The latest comes first.
-- Errors: WRONGTYPE.

-- @include prelude

local oldest = text(math.floor(now - LISTED_TTLS * ttl))
local found = redis.call('ZREVRANGEBYSCORE', CANDIDATES, '+inf', oldest, 'WITHSCORES', 'LIMIT', 0, CANDIDATES_MAX)
return reply('listed', readRecord(), unpack(found))
