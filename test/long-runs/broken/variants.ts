import type { Inbox } from '../../../index.ts'

/** Inboxes that break a promise: a run has to find it. Each is a module that Settings.replace takes. */
export const BROKEN: Readonly<Record<string, string>> = {
  'answers-early': new URL('answers-early.ts', import.meta.url).href,
  coerces: new URL('coerces.ts', import.meta.url).href,
  memory: new URL('memory.ts', import.meta.url).href,
  'no-ids': new URL('no-ids.ts', import.meta.url).href,
  'no-lanes': new URL('no-lanes.ts', import.meta.url).href
}

/** The same in this process. */
export async function broken (replace: string | undefined, inbox: Inbox): Promise<Inbox> {
  if (replace === undefined) return inbox
  const { default: make } = await import(replace) as { default: (inbox: Inbox) => Inbox } // each of the above is one
  return make(inbox)
}
