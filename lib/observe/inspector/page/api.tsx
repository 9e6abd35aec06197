import { timeOf } from './time-of'
import type { Detail, Filter, Ids, Page } from './types'

/** The server was asked, and said no: anything else is that it does not answer. */
export class Refusal extends Error {
  constructor (message: string, readonly status: number) {
    super(message)
  }
}

/** What is to be said of it. */
export function reasonOf (error: unknown): string {
  return error instanceof Refusal ? error.message : 'The app does not answer.'
}

const OVER: ReadonlySet<number> = new Set([401, 403])
const NOT_ALLOWED = 'The app does not let you look any more: load the page again, and log in if it asks you to.'
const refusing = new EventTarget()

/** Calls back when the app lets this page look no more, as at the end of a session. Returns what ends that. */
export function whenOver (over: () => void): () => void {
  refusing.addEventListener('over', over)
  return () => { refusing.removeEventListener('over', over) }
}

/** What is changed may be refused for another reason than what is looked at. */
function refusalOf (status: number, message: string, isLook: boolean): Refusal {
  if (!isLook || !OVER.has(status)) return new Refusal(message, status)
  refusing.dispatchEvent(new Event('over'))
  return new Refusal(NOT_ALLOWED, status)
}

/** Asks this server, and no other: all addresses are below the page's own. */
async function ask<T> (path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(`api/${path}`, init)
  const answer = await response.json() as T & { message?: string } // the server answers with JSON only
  if (!response.ok) throw refusalOf(response.status, answer.message ?? response.statusText, init?.method === undefined)
  return answer
}

async function post<T> (path: string, body: object): Promise<T> {
  return await ask<T>(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
}

function queryOf (filter: Filter, before: number | null = null): string {
  const iso = (time: string) => time === '' ? '' : new Date(timeOf(time)).toISOString()
  const query = new URLSearchParams(Object.entries({ ...filter, since: iso(filter.since), until: iso(filter.until) }).filter(([, value]) => value !== ''))
  if (before !== null) query.set('before', String(before))
  return query.toString()
}

/** A part of the list, newest first: asked again with `before`, the next one. */
export async function find (filter: Filter, before: number | null, signal: AbortSignal): Promise<Page> {
  return await ask<Page>(`events?${queryOf(filter, before)}`, { signal })
}

/** Which events fit: a part of them, newest first. */
export async function findIds (filter: Filter, before: number | null, signal: AbortSignal): Promise<Ids> {
  return await ask<Ids>(`ids?${queryOf(filter, before)}`, { signal })
}

export async function detailOf (id: string): Promise<Detail> {
  return await ask<Detail>(`events/${encodeURIComponent(id)}`)
}

/** Each resolves to how many events it were. */
async function change (path: string, body: object): Promise<number> {
  return (await post<{ count: number }>(path, body)).count
}

/** At most 1 000 at a time. Without `all`, a dead event is for the listeners that failed. With a state, only what still has it. */
export async function replay (ids: readonly string[], { all, state }: { all?: boolean, state?: string | undefined }): Promise<number> {
  return await change('replay', { ids, all, state })
}

/** At most 1 000 at a time. With a state, only what still has it. */
export async function discard (ids: readonly string[], state?: string): Promise<number> {
  return await change('discard', { ids, state })
}

export async function forget (conversation: string): Promise<number> {
  return await change('forget', { conversation })
}

/** Where the browser gets a file of all that fit from. */
export function exportAddress (filter: Filter): string {
  return `api/export?${queryOf(filter)}`
}

/** These events as NDJSON. */
export async function exported (ids: readonly string[]): Promise<Blob> {
  const response = await fetch('api/export', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ ids }) })
  if (!response.ok) throw new Refusal((await response.json() as { message: string }).message, response.status) // it refuses in JSON
  return await response.blob()
}
