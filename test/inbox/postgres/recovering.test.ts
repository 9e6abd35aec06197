import tap, { test } from 'tap'
import { openPool, postgresUrl } from '../../helpers/postgres.ts'
import { ids, Processes, settleAll } from '../../helpers/processes.ts'
import { newEvent } from '../conformance.ts'

const url = await postgresUrl(tap)
const admin = openPool(tap, url)

test('an inbox that opens says whether a process has ended without having closed it', async (t) => {
  const processes = new Processes(t, admin, url)
  const ended = await processes.open()
  t.equal(ended.isRecovering, false)
  await ended.add(newEvent('a', { id: 'a1' }))
  t.equal((await processes.open()).isRecovering, false)
  const held = await ended.claim(64)
  t.equal((await processes.open()).isRecovering, false, 'it may be alive')
  await processes.expire()
  const recovering = await processes.open()
  t.equal(recovering.isRecovering, true)
  t.same(ids(await recovering.claim(64)), ['a: a1 2'])
  t.equal((await processes.open()).isRecovering, true, 'it is suspect still')
  await settleAll(ended, held)
  await recovering.close()
  t.equal(recovering.isRecovering, false)
})

test('an inbox whose functions are gone is refused', async (t) => {
  const processes = new Processes(t, admin, url)
  await processes.open()
  await admin.query(`DROP FUNCTION ${processes.tables}.recovering`)
  await t.rejects(processes.open(), { code: 'FST_ONEROUTE_INBOX_UNUSABLE', message: /recovering\(\) does not exist/, cause: { code: '42883' } })
})
