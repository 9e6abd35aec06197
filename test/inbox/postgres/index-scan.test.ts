import { test } from 'tap'
import { IndexScan } from '../../../lib/inbox/postgres/index-scan.ts'
import { until } from '../../faults/helpers/until.ts'

test('a look begins where the last one has ended, and now and then all is looked through', async (t) => {
  const look = new IndexScan()
  t.equal(look.begin().since, null, 'the first one')
  look.looked('1 o’clock')
  t.equal(look.begin().since, '1 o’clock')
  look.looked('2 o’clock')
  t.equal(look.begin().since, '2 o’clock')
  await until(() => look.begin().since === null)
  t.equal(look.begin().since, null, 'as long as the server has not looked')
  look.looked('3 o’clock')
  t.equal(look.begin().since, '3 o’clock')
})

test('the slower the looks, the further they go back', async (t) => {
  const look = new IndexScan()
  t.equal(look.begin().overlap, 50)
  look.looked('1 o’clock')
  const begun = performance.now()
  const { overlap } = look.begin()
  await until(() => performance.now() - begun > 2 * overlap)
  const took = performance.now() - begun
  look.looked('2 o’clock')
  const after = look.begin().overlap
  t.ok(after >= 3 * 0.9 * took, String(after))
  look.looked('3 o’clock')
  t.ok(look.begin().overlap < after, 'and less so again')
  t.ok(overlap < after)
})
