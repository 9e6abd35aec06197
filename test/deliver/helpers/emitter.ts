import type { InboxView } from '../../../index.ts'
import { Webhooks } from '../../../lib/webhooks/webhooks.ts'

/** `app.webhooks` without an app. */
export function emitter (): Webhooks {
  const inbox = {} as InboxView // which nobody looks at here
  return new Webhooks({ receive: async () => ({ status: 'accepted', id: '' }), inbox, names: ['newMessage', 'smsDeliveryReport'], collects: true, onSubscribe: () => {} })
}
