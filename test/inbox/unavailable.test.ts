import { test } from 'tap'
import { ClosingError } from '../../lib/errors/errors.ts'
import { unavailable } from '../../lib/inbox/unavailable.ts'

test('what is refused for the end of the app is not called a fault of the store', async (t) => {
  const closing = new ClosingError()
  t.equal(unavailable(closing), closing)
  const cause = new Error('disk I/O error')
  t.match(unavailable(cause), { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE', cause })
})
