-- Writes the whole record of a grant or a renewal. Returns the error if Redis refuses it.
local function write(record)
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
