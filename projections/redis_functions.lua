#!lua name=darkroom

-- Functions may not touch globals while they load, only when called; so everything hangs on locals and arguments.
-- Ids are 8 big-endian bytes. They are compared as two 32-bit numbers: a Lua number is a double and cannot hold one, and
-- Lua compares strings by the server's locale.

local HEADER = 24
-- A ring begins small and grows, so that somebody who follows few people costs few bytes.
local FIRST_SLOTS = 16
-- How many of the newest slots are looked through for the place of an id that comes a little late.
local WINDOW = 32

local function above(one, other)
  local one_high, one_low = struct.unpack('>I4I4', one)
  local other_high, other_low = struct.unpack('>I4I4', other)
  return one_high > other_high or (one_high == other_high and one_low > other_low)
end

-- Header: newest id, index of the slot after the newest, count, slots, whether an id was ever cut off, floor id.
local function header_of(newest, head, count, slots, cut, floor)
  return newest .. struct.pack('>I2I2I2I2', head, count, slots, cut) .. floor
end

local function parse_header(header)
  local head, count, slots, cut = struct.unpack('>I2I2I2I2', header, 9)
  return { newest = string.sub(header, 1, 8), floor = string.sub(header, 17, 24),
           head = head, count = count, slots = slots, cut = cut }
end

local function read_header(key)
  local header = redis.call('GETRANGE', key, '0', '23')
  return header ~= '' and parse_header(header) or nil
end

local function slots_for(count, depth)
  local slots = FIRST_SLOTS
  while slots < count do slots = slots * 4 end
  if slots * 2 > depth then return depth end
  return slots
end

-- The ids of a ring, oldest first, as one string.
local function read_ids(key, ring)
  if ring.count == 0 then return '' end
  local body = redis.call('GETRANGE', key, HEADER, -1)
  local first = ring.head - ring.count
  if first >= 0 then return string.sub(body, first * 8 + 1, ring.head * 8) end
  return string.sub(body, (first + ring.slots) * 8 + 1, ring.slots * 8) .. string.sub(body, 1, ring.head * 8)
end

local function write_ids(key, ring, ids, depth)
  local count, newest = #ids / 8, string.sub(ids, -8)
  local slots = slots_for(count, depth)
  local head = count % slots
  if head == 0 and slots > WINDOW then
    -- A full ring may begin anywhere: the newest lie side by side at its front, for `insert_near_head`.
    head = WINDOW
    ids = string.sub(ids, -head * 8) .. string.sub(ids, 1, -head * 8 - 1)
  end
  local header = header_of(newest, head, count, slots, ring.cut, ring.floor)
  if ring.slots == slots then
    redis.call('SETRANGE', key, '0', header .. ids)
  else
    -- SET allocates exactly; a SETRANGE past the end would double the string.
    redis.call('SET', key, header .. ids .. string.rep('\0', (slots - count) * 8))
  end
end

-- The number of ids in `ids` (oldest first) that are not above `id`, and whether the last of these is `id` itself.
local function position(ids, id)
  local unpack, floor = struct.unpack, math.floor
  local id_high, id_low = unpack('>I4I4', id)
  local low, high = 0, #ids / 8
  while low < high do
    local middle = floor((low + high) / 2)
    local one_high, one_low = unpack('>I4I4', ids, middle * 8 + 1)
    if one_high > id_high or (one_high == id_high and one_low > id_low) then high = middle else low = middle + 1 end
  end
  return low, low > 0 and string.sub(ids, low * 8 - 7, low * 8) == id
end

-- Both strings of ids (oldest first) as one, each id once. What lies side by side is copied as one piece.
local function merged(ids, others)
  if ids == '' or others == '' then return ids .. others end
  local unpack, sub = struct.unpack, string.sub
  local pieces = {}
  local below, there = position(ids, sub(others, 1, 8))
  local last, from = #ids, 1
  local at = (there and below - 1 or below) * 8 + 1
  local high, low
  if at <= last then high, low = unpack('>I4I4', ids, at) end
  for start = 1, #others, 8 do
    local other_high, other_low = unpack('>I4I4', others, start)
    while at <= last and (high < other_high or (high == other_high and low < other_low)) do
      at = at + 8
      if at <= last then high, low = unpack('>I4I4', ids, at) end
    end
    if at > last then
      -- All the others are above.
      pieces[#pieces + 1] = sub(ids, from)
      pieces[#pieces + 1] = sub(others, start)
      return table.concat(pieces)
    end
    if high ~= other_high or low ~= other_low then
      pieces[#pieces + 1] = sub(ids, from, at - 1)
      pieces[#pieces + 1] = sub(others, start, start + 7)
      from = at
    end
  end
  if #pieces == 0 then return ids end
  pieces[#pieces + 1] = sub(ids, from)
  return table.concat(pieces)
end

-- Ids offered in any order, as a string, oldest first. They mostly come newest first.
local function ascending(offered)
  local ids = {}
  for start = #offered - 7, 1, -8 do ids[#ids + 1] = string.sub(offered, start, start + 7) end
  for index = 2, #ids do
    if not above(ids[index], ids[index - 1]) then
      table.sort(ids, function(one, other) return above(other, one) end)
      local distinct = {}
      for _, id in ipairs(ids) do
        if id ~= distinct[#distinct] then distinct[#distinct + 1] = id end
      end
      ids = distinct
      break
    end
  end
  return table.concat(ids)
end

-- Every id of `offered` (a string, oldest first, each once) into the ring, by reading and writing all of it.
local function merge(key, ring, offered, depth)
  ring = ring or { floor = string.rep('\0', 8), head = 0, count = 0, slots = 0, cut = 0 }
  local ids = read_ids(key, ring)
  local ids_before, cut_before = ids, ring.cut
  if ring.cut == 1 and ring.slots < depth then
    -- A deeper ring than before: what was cut off stays unknown, so the oldest kept id becomes the floor.
    ring.floor, ring.cut = string.sub(ids, 1, 8), 0
  end
  ids = merged(ids, string.sub(offered, position(offered, ring.floor) * 8 + 1))
  local surplus = #ids / 8 - depth
  if surplus > 0 then
    ids = string.sub(ids, surplus * 8 + 1)
    ring.cut = 1
  end
  if ids ~= ids_before or ring.cut ~= cut_before then write_ids(key, ring, ids, depth) end
end

-- An id a little below the newest: among the last few slots, if these lie side by side. False when it is not that easy.
local function insert_near_head(key, ring, id)
  local full = ring.count == ring.slots
  if ring.head == 0 then return false end
  local width = math.min(WINDOW, ring.count, ring.head)
  local first = ring.head - width
  local near = redis.call('GETRANGE', key, HEADER + first * 8, HEADER + ring.head * 8 - 1)
  local at, there = position(near, id)
  if there then return true end
  if at == 0 then return false end
  redis.call('SETRANGE', key, HEADER + (first + at) * 8, id .. string.sub(near, at * 8 + 1))
  redis.call('SETRANGE', key, '0', header_of(ring.newest, (ring.head + 1) % ring.slots,
    full and ring.count or ring.count + 1, ring.slots, full and 1 or ring.cut, ring.floor))
  return true
end

-- An id that is not above the newest, or needs the ring to change its size.
local function offer_slowly(key, id, depth)
  local ring = read_header(key)
  if ring and ring.newest == id then return end
  local fits = ring and ring.slots <= depth and (ring.count < ring.slots or ring.slots == depth)
  if fits and above(ring.newest, id) and above(id, ring.floor) and insert_near_head(key, ring, id) then return end
  merge(key, ring, id, depth)
end

-- Where each slot begins, and what follows the newest id in the header of a ring that is full, by slots and head. Both as the
-- strings that commands take: made once, because a number costs Redis more to write out than all else that a delivery does here.
local begins = {}
local full_tails = {}

local function full_tail(slots, head)
  local tails = full_tails[slots]
  if not tails then
    tails = {}
    full_tails[slots] = tails
  end
  local tail = struct.pack('>I2I2I2I2', head, slots, slots, 1)
  tails[head] = tail
  return tail
end

-- deliver: one id into many rings. Keys: rings of one node. Arguments: the id (8 bytes), the depth.
local function deliver(keys, args)
  local id, depth = args[1], tonumber(args[2])
  local call, unpack, pack = redis.call, struct.unpack, struct.pack
  local high, low = unpack('>I4I4', id)
  local tails = full_tails[depth] or {}
  for index = 1, #keys do
    local key = keys[index]
    local header = call('GETRANGE', key, '0', '15')
    local newest_high, newest_low, head, count, slots, cut
    if header ~= '' then newest_high, newest_low, head, count, slots, cut = unpack('>I4I4I2I2I2I2', header) end
    -- The normal case, in place: newer than all, and the ring has room or is as deep as it should be.
    if slots and (high > newest_high or (high == newest_high and low > newest_low))
      and slots <= depth and (count < slots or slots == depth) then
      local begin = begins[head]
      if not begin then
        begin = string.format('%d', HEADER + head * 8)
        begins[head] = begin
      end
      call('SETRANGE', key, begin, id)
      head = head + 1
      if head == slots then head = 0 end
      local tail
      if count < slots then
        tail = pack('>I2I2I2I2', head, count + 1, slots, cut)
      else
        tail = tails[head] or full_tail(slots, head)
      end
      call('SETRANGE', key, '0', id .. tail)
    else
      offer_slowly(key, id, depth)
    end
  end
  return #keys
end

-- backfill: many ids into one ring. Arguments: the depth, the ids in one string of 8 bytes each, in any order.
local function backfill(keys, args)
  merge(keys[1], read_header(keys[1]), ascending(args[2]), tonumber(args[1]))
  return #args[2] / 8
end

-- close: rings of one node that stay empty for ever. The floor is the largest id, so that whatever is offered falls below.
local function close(keys, args)
  local closed = header_of(string.rep('\0', 8), 0, 0, 0, 0, '\127' .. string.rep('\255', 7))
  for index = 1, #keys do redis.call('SET', keys[index], closed) end
  return #keys
end

-- page: the newest ids below one. Arguments: that id (8 bytes, or empty for none), how many.
-- Answers the ids oldest first in one string, and the floor: above it nothing is missing.
local function page(keys, args)
  local key, below, limit = keys[1], args[1], tonumber(args[2])
  local ring = read_header(key)
  if not ring then return { '', string.rep('\0', 8) } end
  local function slot(index)
    local at = HEADER + ((ring.head - ring.count + index) % ring.slots) * 8
    return redis.call('GETRANGE', key, at, at + 7)
  end
  local low, high = 0, ring.count
  if below == '' then
    low = ring.count
  else
    while low < high do
      local middle = math.floor((low + high) / 2)
      if above(below, slot(middle)) then low = middle + 1 else high = middle end
    end
  end
  local floor = ring.floor
  if ring.cut == 1 then floor = slot(0) end
  local first = math.max(0, low - limit)
  if first == low then return { '', floor } end
  local from = (ring.head - ring.count + first) % ring.slots
  local to = from + low - first
  if to <= ring.slots then return { redis.call('GETRANGE', key, HEADER + from * 8, HEADER + to * 8 - 1), floor } end
  return { redis.call('GETRANGE', key, HEADER + from * 8, HEADER + ring.slots * 8 - 1)
    .. redis.call('GETRANGE', key, HEADER, HEADER + (to - ring.slots) * 8 - 1), floor }
end

-- Runs the commands that stand in `args` from `at` on, each as its number of words and its words.
local function run(args, at)
  local last = #args
  while at <= last do
    local words = tonumber(args[at])
    redis.call(unpack(args, at + 1, at + words))
    at = at + words + 1
  end
end

-- The record of a reprint, "epoch number whole request sources", as its five parts; nothing when there is none.
local function record_of(key, field)
  local stored = redis.call('HGET', key, field)
  if not stored then return 0, 0, '0', '0', '{}' end
  local epoch, number, whole, request, sources = string.match(stored, '^(%d+) (%d+) (%d) (%d+) (.*)$')
  return tonumber(epoch), tonumber(number), whole, request, sources
end

-- commit: run commands if the guard is newer than the stored one. Keys: the guard, whose hash tag all keys share, the birth
-- id, and the records of reprints. Arguments: the birth id that the writer knows, the name of its record and the epoch that it
-- knows of it, epoch, number, sources as JSON, then each command as its number of words and its words. The guard is written
-- last, so that a command that fails leaves it as it was.
-- Answers 1; 0 for a repeat; -1 when this is not the store that the writer knows: its guard must not get in; -2 when a reprint
-- has begun that it does not know of: somebody else owns the rows now.
local function commit(keys, args)
  if redis.call('GET', keys[2]) ~= args[1] then return -1 end
  if record_of(keys[3], args[2]) ~= tonumber(args[3]) then return -2 end
  local epoch, number = tonumber(args[4]), tonumber(args[5])
  local stored = redis.call('GET', keys[1])
  if stored then
    local stored_epoch, stored_number = string.match(stored, '^(%d+) (%d+) ')
    stored_epoch, stored_number = tonumber(stored_epoch), tonumber(stored_number)
    if epoch < stored_epoch or (epoch == stored_epoch and number <= stored_number) then return 0 end
  end
  run(args, 7)
  redis.call('SET', keys[1], args[4] .. ' ' .. args[5] .. ' ' .. args[6])
  return 1
end

-- Whether this is another store than a reprint knows.
local function is_another(key, birth)
  return redis.call('GET', key) ~= birth
end

-- begin_print: a reprint begins under a higher epoch than any before. Keys: the birth id, the records, then the live guards
-- that it puts back. Arguments: the birth id, the name of the record, the epoch. Answers 1, -1, or -2 when it was overtaken.
local function begin_print(keys, args)
  if is_another(keys[1], args[1]) then return -1 end
  local held, _, whole, request, sources = record_of(keys[2], args[2])
  if tonumber(args[3]) < held then return -2 end
  -- The same begin once more, since its answer was lost: what it put back may be there again, and is not put back twice.
  if tonumber(args[3]) == held then return 1 end
  redis.call('HSET', keys[2], args[2], table.concat({ args[3], '0', whole, request, sources }, ' '))
  for index = 3, #keys do redis.call('UNLINK', keys[index]) end
  return 1
end

-- print: a chunk of a reprint, if no later one has begun. Keys: the birth id, the records. Arguments: the birth id, the name of
-- the record, the epoch, the number of the chunk, then commands. Answers 1, 0 for a repeat, -1, or -2 when it was overtaken.
local function print_chunk(keys, args)
  if is_another(keys[1], args[1]) then return -1 end
  local held, number, whole, request, sources = record_of(keys[2], args[2])
  if tonumber(args[3]) ~= held then return -2 end
  if tonumber(args[4]) <= number then return 0 end
  run(args, 5)
  redis.call('HSET', keys[2], args[2], table.concat({ args[3], args[4], whole, request, sources }, ' '))
  return 1
end

-- finish_print: the last chunk is there. Keys as above. Arguments: the birth id, the name of the record, the epoch, the number of
-- rows, the request that is met, the positions that were printed as JSON. Answers as above.
local function finish_print(keys, args)
  if is_another(keys[1], args[1]) then return -1 end
  if tonumber(args[3]) ~= record_of(keys[2], args[2]) then return -2 end
  redis.call('HSET', keys[2], args[2], table.concat({ args[3], args[4], '1', args[5], args[6] }, ' '))
  return 1
end

redis.register_function('darkroom_deliver', deliver)
redis.register_function('darkroom_backfill', backfill)
redis.register_function('darkroom_close', close)
redis.register_function('darkroom_commit', commit)
redis.register_function('darkroom_begin_print', begin_print)
redis.register_function('darkroom_print', print_chunk)
redis.register_function('darkroom_finish_print', finish_print)
redis.register_function{ function_name = 'darkroom_page', callback = page, flags = { 'no-writes' } }
