import { registry } from '../deliver/registry.ts'
import type { Parts } from '../deliver/registry.ts'
import { NotRegisteredError } from '../errors/errors.ts'
import type { InboxView } from '../inbox/view.ts'
import { Webhooks } from '../webhooks/webhooks.ts'

/** The plugin's parts in an app that is ready. */
export function partsOf (app: object, what: string): Parts & { readonly inbox: InboxView } {
  const webhooks = 'webhooks' in app && app.webhooks instanceof Webhooks ? app.webhooks : undefined
  const parts = webhooks && registry.get(webhooks)
  if (webhooks === undefined || parts === undefined) throw new NotRegisteredError(what)
  return { ...parts, inbox: webhooks.inbox }
}
