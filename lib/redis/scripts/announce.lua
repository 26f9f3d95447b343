-- announce: publishes an election that acquire has not published, if its leader still holds.
--
-- KEYS[1] lease
-- KEYS[2] record
-- ARGV[1] id: string
-- ARGV[2] ttl: number, ms
-- ARGV[3] channel: string
-- ARGV[4] releasedBy: string, the holder that sent its release to one inbox alone
--
-- Returns { 'announced', server time us, token on record, until ms }, published or not.

-- @include prelude
-- @include announce

local record = readRecord()
if redis.call('GET', LEASE) == id and record.id == id then announce(channel, record, ttl, releasedBy) end
return reply('announced', record)
