import { test } from 'tap'
import { nearestName } from '../../lib/events/nearest-name.ts'

test('of several names that are near, the nearest is meant', async (t) => {
  const names = ['orderPlaced', 'orderPaid', 'orderLaid']
  t.equal(nearestName('orderpaid', names), 'orderPaid')
  t.equal(nearestName('oderLaid', names), 'orderLaid')
  t.equal(nearestName('invoice', names), undefined)
})
