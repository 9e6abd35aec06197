import type { Detail, Filter, Page } from './types'

/** Asks this server, and no other: all addresses are below the page's own. */
async function ask<T> (path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(`api/${path}`, init)
  const answer = await response.json() as T & { message?: string } // the server answers with JSON only
  if (!response.ok) throw new Error(answer.message)
  return answer
}

async function post<T> (path: string, body: object): Promise<T> {
  return await ask<T>(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
}

export async function find (filter: Filter, before: number | null, signal: AbortSignal): Promise<Page> {
  const query = new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== ''))
  if (before !== null) query.set('before', String(before))
  return await ask<Page>(`events?${query.toString()}`, { signal })
}

export async function detailOf (id: string): Promise<Detail> {
  return await ask<Detail>(`events/${encodeURIComponent(id)}`)
}

/** Each resolves to how many events it were. */
async function change (path: string, body: object): Promise<number> {
  return (await post<{ count: number }>(path, body)).count
}

/** Without `all`, a dead event is for the listeners that failed. */
export async function replay (id: string, all: boolean): Promise<number> {
  return await change('replay', { ids: [id], all })
}

export async function replayDead (upTo: number): Promise<number> {
  return await change('replay-dead', { upTo })
}

export async function discard (id: string): Promise<number> {
  return await change('discard', { ids: [id] })
}

export async function discardDead (upTo: number): Promise<number> {
  return await change('discard-dead', { upTo })
}

export async function forget (conversation: string): Promise<number> {
  return await change('forget', { conversation })
}
