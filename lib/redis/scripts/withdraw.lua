-- withdraw: removes a candidate from the list.
--
-- KEYS[1] lease
-- KEYS[2] record
-- KEYS[3] candidates
-- ARGV[1] id: string
-- ARGV[2] name: string
-- ARGV[3] data: string
-- ARGV[4] inbox: string; all as in acquire
--
-- Returns { 'withdrawn', server time us, token on record, until ms }, listed or not.

-- @include prelude
-- @include member

redis.pcall('ZREM', CANDIDATES, memberOf(id, name, data, inbox))
return reply('withdrawn', readRecord())
