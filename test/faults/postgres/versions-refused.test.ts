import tap, { test } from 'tap'
import { cli } from '../../cli/helpers.ts'
import { postgresUrl } from '../../helpers/postgres.ts'
import { job } from '../helpers/client.ts'
import { Fleet } from '../helpers/fleet.ts'
import { nextVersion } from '../helpers/next-version.ts'

const url = await postgresUrl(tap)

test('a process of a version that does not work with the schema any more is refused, and told what to do', async (t) => {
  const fleet = new Fleet(t, url)
  const old = await fleet.start()
  const fresh = await fleet.start({}, 0, undefined, nextVersion(t, 2))
  t.match(await fresh.client.post(job('a', 0)), { statusCode: 200 })
  await fleet.kill(old)
  const message = /its version is 2, and the oldest package that works with it knows 2\. This one knows 1: install the newer version of the package again/
  await t.rejects(fleet.start(), { message })
  t.match(await cli(['inbox', 'stats', '--db', url, '--schema', fleet.schema]), { code: 1, stderr: message })
  t.match(await cli(['inbox', 'migrate', '--db', url, '--schema', fleet.schema]), { code: 1, stderr: message })
  t.match(await cli(['inbox', 'migrate', '--sql', '--db', url, '--schema', fleet.schema]), { code: 1, stdout: '', stderr: message })
  t.same(await fleet.problems(new Map([['a', 1]])), [])
})
