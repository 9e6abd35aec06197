import '../../errors/check-node.ts'
import type { FastifyInstance } from 'fastify'
import { NotRegisteredError } from '../../errors/errors.ts'
import { observe } from '../observe.ts'
import { Activity } from './activity.ts'
import { answerError } from './answer-error.ts'
import { addApi } from './api.ts'
import { addAssets } from './assets.ts'
import { addChanges } from './changes.ts'
import { addExport } from './export.ts'
import { Feed } from './feed.ts'
import { guard } from './guard.ts'
import { resolveInspectorOptions } from './options.ts'
import type { InspectorOptions } from './options.ts'
import { createRedact } from './redact.ts'
import { summaryOf } from './summary.ts'

/** A page that shows what comes in and what becomes of it, for whom `authorize` admits. Give it a `prefix`. */
export async function inspector (scope: FastifyInstance, options: InspectorOptions): Promise<void> {
  const { authorize, redact: names } = resolveInspectorOptions(options)
  if (!scope.hasDecorator('webhooks')) throw new NotRegisteredError('the inspector')
  const { webhooks, log } = scope
  const { inbox } = webhooks
  const redact = createRedact(names)
  const activity = new Activity()
  const closing = new AbortController()
  const feed = new Feed({ inbox, activity, log, show: (stored, blocker) => summaryOf(redact(stored), blocker && redact(blocker)) })
  const end = observe(webhooks, {
    receive: (message) => {
      activity.received(message)
      feed.change(message.id)
    },
    deliveryEnd: (message) => {
      activity.delivered(message)
      feed.change(...message.ids)
    }
  })
  scope.addHook('preClose', (done) => {
    end()
    // The server would wait for whoever reads.
    feed.close()
    closing.abort()
    done()
  })
  isolate(scope)
  guard(scope, authorize)
  addApi(scope, { inbox, feed, redact })
  addChanges(scope, { inbox, feed })
  addExport(scope, { inbox, redact, closing: closing.signal })
  addAssets(scope)
}

/** What the app has set for its own routes has no say here. */
function isolate (scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('application/json', { parseAs: 'string' }, scope.getDefaultJsonParser('error', 'error'))
  scope.setReplySerializer((payload) => JSON.stringify(payload))
  scope.setErrorHandler(answerError)
}

export default inspector
export type { Authorize, InspectorOptions } from './options.ts'
