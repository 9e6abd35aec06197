import { test } from 'tap'
import { Places } from '../../lib/deliver/places.ts'

test('as many bursts as lanes take no place, and what is more takes one', async (t) => {
  const places = new Places(2)
  t.same([places.free, places.areAllFree], [2, true])
  const gates = [1, 2, 3].map(() => Promise.withResolvers<string>())
  let told = 0
  const bursts = gates.map(async ({ promise }) => {
    places.take(1)
    return await places.beside(promise, () => { told++ })
  })
  t.same([places.free, places.areAllFree, told], [1, false, 2], 'the third one has a place of its own')
  gates[0]?.resolve('first')
  t.equal(await bursts[0], 'first')
  t.equal(places.free, 0)
  places.leave()
  gates[1]?.reject(new Error('broken'))
  await t.rejects(async () => { await bursts[1] }, { message: 'broken' })
  places.leave()
  gates[2]?.resolve('third')
  t.equal(await bursts[2], 'third')
  places.leave()
  t.same([places.free, places.areAllFree], [2, true])
})
