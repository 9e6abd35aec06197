import { test } from 'tap'
import { Places } from '../../lib/deliver/places.ts'

test('bursts that are at work take no place of a lane, and there are as many at most', async (t) => {
  const places = new Places(2)
  t.same([places.free, places.areAllFree, places.mayCollect], [2, true, true])
  const gates = [1, 2].map(() => Promise.withResolvers<string>())
  let told = 0
  const bursts = gates.map(async ({ promise }) => {
    places.take(1)
    return await places.beside(promise, () => { told++ })
  })
  t.same([places.free, places.areAllFree, places.mayCollect, told], [2, false, false, 2])
  gates[0]?.resolve('first')
  t.equal(await bursts[0], 'first')
  t.same([places.free, places.mayCollect], [1, true])
  places.leave()
  gates[1]?.reject(new Error('broken'))
  await t.rejects(async () => { await bursts[1] }, { message: 'broken' })
  places.leave()
  t.same([places.free, places.areAllFree], [2, true])
})
