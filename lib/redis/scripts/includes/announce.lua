-- Publishes the new leader, and before that the release of its predecessor if it is not empty.
local function announce(channel, record, ttl, releasedBy)
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
