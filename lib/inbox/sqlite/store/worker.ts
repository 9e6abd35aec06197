// Only SQLite: the other side of thread.ts. Requests come in one at a time, and each is answered. A thread has a store, or it finds events in a file
// that another one has as its store.
import { constants, setPriority } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import { workerData } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { errorOf } from '../../../errors/error-of.ts'
import type { Opening, Reply, Request } from '../messages.ts'
import { FileLostError } from './file-identity.ts'
import { LockedError } from './file-lock.ts'
import { openToOthers } from './files.ts'
import { Reader } from './reader.ts'
import { Store } from './store.ts'

/** Between two looks for what is old enough to be removed, in milliseconds: no need to be more exact than a hundredth of `keep` and `keepFailed`. */
const PURGE_EVERY = { least: 1_000, most: 60_000, part: 1 / 100 } as const

/** Between two looks for change requests, in milliseconds, and for as many looks after one: who asks may ask for more. */
const LOOK_EVERY = { idle: 1_000, busy: 20, times: 50 } as const

/** `Thread` has the other end of it, and nobody else. */
const port = workerData as MessagePort

let store: Store | undefined
let reader: Reader | undefined
let next: NodeJS.Timeout | undefined
let nextLook: NodeJS.Timeout | undefined
let busy = 0
const closing = new AbortController()
const { signal } = closing

port.on('message', (request: Request | 'close') => {
  if (request === 'close') close()
  else port.postMessage(answer(request))
})

function answer (request: Request): Reply {
  try {
    switch (request.kind) {
      case 'open': return open(request)
      case 'work': return openStore().run(request)
      case 'find': return { kind: 'found', found: openReader(request.path).find(request.options) }
      case 'tidy': return { kind: 'tidied', isEmpty: openStore().tidy(request.rewrite) }
    }
  } catch (error) {
    if (error instanceof FileLostError) throw error // which ends the thread: whoever starts it again finds the file, or not
    return { kind: 'failed', message: errorOf(error).message, locked: error instanceof LockedError }
  }
}

function openStore (): Store {
  if (store === undefined) throw new Error('the store is not open')
  return store
}

function openReader (path: string): Reader {
  if (reader !== undefined) return reader
  void Promise.allSettled([giveWay()])
  reader = new Reader(path)
  return reader
}

/** Elsewhere, it would be that of the whole process. */
const OF_A_THREAD: Partial<Record<NodeJS.Platform, number>> = { linux: constants.priority.PRIORITY_BELOW_NORMAL }

/** To Linux, a priority is one of the thread: requests go before searches. Where a sandbox forbids it, searches run all the same. */
async function giveWay (): Promise<void> {
  setPriority(Number(OF_A_THREAD[process.platform])) // throws where there is none
}

function open (opening: Opening): Reply {
  store = new Store(opening)
  const every = Math.min(PURGE_EVERY.most, Math.max(PURGE_EVERY.least, Math.min(opening.keep, opening.keepFailed) * PURGE_EVERY.part))
  purgeLater(store, every)
  look(store)
  return { kind: 'opened', file: store.file, nextDue: store.nextDue(), recovering: store.isRecovering, openToOthers: openToOthers(opening.path) }
}

function close (): void {
  closing.abort()
  clearTimeout(next)
  clearTimeout(nextLook)
  store?.close()
  store = undefined
  reader?.close()
  port.close() // and nothing keeps the thread any longer
}

function look (store: Store): void {
  store.check() // also while nothing is written
  busy = hasChangeRequest(store) ? LOOK_EVERY.times : Math.max(0, busy - 1)
  nextLook = setTimeout(look, busy > 0 ? LOOK_EVERY.busy : LOOK_EVERY.idle, store)
}

/** Whether there is a change request: it is for the app to carry it out, which knows what is under way. */
function hasChangeRequest (store: Store): boolean {
  try {
    const found = store.hasChangeRequest()
    if (found) port.postMessage({ kind: 'changeRequest' } satisfies Reply)
    return found
  } catch {
    return false // a disk that fails is told of by what has to be written
  }
}

function purgeLater (store: Store, every: number): void {
  next = setTimeout(() => { void purge(store, every) }, every)
}

/** Removes what is old, beside the work: whatever came in meanwhile is done between two steps. And again later. */
async function purge (store: Store, every: number): Promise<void> {
  try {
    for (const step of store.purge()) await setImmediate(step, { signal })
  } catch (error) {
    if (!signal.aborted) port.postMessage({ kind: 'purgeFailed', message: errorOf(error).message } satisfies Reply)
  }
  if (!signal.aborted) purgeLater(store, every)
}
