import { registry } from '../deliver/registry.ts'
import type { Parts } from '../deliver/registry.ts'
import { NotRegisteredError } from '../errors/errors.ts'
import { Webhooks } from '../webhooks/webhooks.ts'

/** The plugin's parts in an app that is ready. */
export function partsOf (app: object, what: string): Parts {
  const webhooks = 'webhooks' in app ? app.webhooks : undefined
  const parts = webhooks instanceof Webhooks ? registry.get(webhooks) : undefined
  if (parts === undefined) throw new NotRegisteredError(what)
  return parts
}
