-- A candidate's member in the sorted set of candidates.
local function memberOf(id, name, data, inbox)
  return table.concat({
    '{"id":' .. cjson.encode(id),
    '"name":' .. cjson.encode(name),
    '"data":' .. cjson.encode(data),
    '"inbox":' .. cjson.encode(inbox) .. '}',
  }, ',')
end
