-- The number of keys in each database, by database number.
local function keyspace()
  local info, counts = redis.pcall('INFO', 'keyspace'), {}
  if type(info) ~= 'string' then return counts end
  for db, count in string.gmatch(info, 'db(%d+):keys=(%d+)') do
    counts[db] = tonumber(count)
  end
  return counts
end

-- The number of this database, in which the lease was just set. Empty where INFO is not allowed.
-- No command returns the number. It is the only database with keys, or else the one whose count
-- changes with the lease.
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

-- Sets the lease in the expected database. Empty accepts any. Returns that database, or an error.
local function setLease(id, ttl, expected)
  redis.call('SET', LEASE, id, 'PX', ttl, 'NX')
  local db = database(id, ttl)
  if expected == '' or db == '' or db == expected then return db end
  redis.call('DEL', LEASE)
  return redis.error_reply('LEASEMOVED from database ' .. expected .. ' to ' .. db)
end
