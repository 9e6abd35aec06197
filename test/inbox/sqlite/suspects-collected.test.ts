import { test } from 'tap'
import { collect, outcomes, WAITS } from '../../../lib/inbox/conformance/collecting-steps.ts'
import { HOUR } from '../../../lib/inbox/conformance/steps.ts'
import { openInbox, temporaryFile } from '../../helpers/sqlite.ts'
import { adds, claim, newEvent } from '../conformance.ts'
import { afterEnd, shown } from './helpers/suspects.ts'

test('of what waits for collectors, the first is the suspect, also if it has come in after the one that was on trial', async (t) => {
  const path = temporaryFile(t)
  const inbox = await openInbox(t, { path })
  await Promise.all(adds(inbox, newEvent('a', { id: 'a1' }), newEvent('a', { id: 'a2' })))
  const [both] = await claim(inbox)
  if (both !== undefined) await inbox.settle(both, [...outcomes(both, 'pending', { aside: true }).slice(0, 1), ...outcomes(both, 'pending', WAITS).slice(1)])
  t.same(shown(await claim(inbox)).toSorted(), ['a1 2', 'a2 1'], 'a1 is beside its lane')

  const second = afterEnd(t, path)
  const next = await openInbox(t, { path: second })
  const [beside] = await claim(next)
  t.same(shown(beside === undefined ? [] : [beside]), ['a1 2'], 'one is on trial at a time')
  if (beside !== undefined) await next.settle(beside, outcomes(beside, 'pending', { aside: true, dueAt: 2 }))
  const claims = await claim(next)
  t.same(shown(claims).toSorted(), ['a1 3', 'a2 1'], 'a2 is on trial, and a1 is no suspect any more')
  const through = claims.find(({ events }) => events[0]?.id === 'a1')
  if (through !== undefined) await next.settle(through, outcomes(through, 'pending', WAITS))
  t.match(await next.get('a1'), { isCollected: true, attempts: 0 })

  const last = await openInbox(t, { path: afterEnd(t, second) })
  const [held] = await claim(last)
  t.same(shown(held === undefined ? [] : [held]), ['a1 1 interrupted, a2 1'])
  if (held !== undefined) await last.settle(held, outcomes(held, 'dead'))
  t.match(await last.stats(), { pending: 0, dead: 2 })
})

test('nobody waits for a burst that is to be tried later, if it is behind an event that waits for another collector', async (t) => {
  let path = temporaryFile(t)
  const first = await openInbox(t, { path })
  await collect(first, ['a1', 'a2'])
  await claim(first)
  path = afterEnd(t, path)
  const second = await openInbox(t, { path })
  await second.add(newEvent('b', { id: 'b1' }))
  t.same((await claim(second)).map(({ lane }) => lane).toSorted(), ['b', 'collect:a'])
  const third = await openInbox(t, { path: afterEnd(t, path) })
  const [interrupted] = await claim(third)
  t.match(interrupted, { lane: 'collect:a', events: { length: 2, 0: { interrupted: true } } })
  if (interrupted === undefined) return
  const dueAt = Date.now() + HOUR
  await third.settle(interrupted, [...outcomes(interrupted, 'pending', { ...WAITS, stays: true }).slice(0, 1), ...outcomes(interrupted, 'pending', { dueAt }).slice(1)], dueAt)
  t.same(shown(await claim(third)), ['b1 1'])
})
