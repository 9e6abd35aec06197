import { createHmac, hash } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { Test } from 'tap'
import type { WebhooksOptions } from '../../../../index.ts'
import { createApp } from '../../../helpers/app.ts'
import { temporaryDirectory } from '../../../helpers/package.ts'
import { cli, eventOf, listen } from '../../helpers.ts'

export const SECRET = 'a key of OneRoute'

/** A file for `--handled`, and how an app writes it. */
export function handledFile (t: Test) {
  const path = join(temporaryDirectory(t), 'handled.jsonl')
  return { path, write: (id: string, conversation: string) => { appendFileSync(path, JSON.stringify({ id, conversation }) + '\n') } }
}

/** This plugin, on a port, with what it handles in a file. */
export async function startPlugin (t: Test, options: WebhooksOptions) {
  const { app } = await createApp(t, options, { logger: false })
  const { path, write } = handledFile(t)
  app.webhooks.on('newMessage', async ({ conversation }, { id }) => { write(id, conversation.id) })
  return { url: `${await app.listen({ port: 0, host: '127.0.0.1' })}/webhooks/oneroute`, handled: path, app }
}

/** What one of those that are written in an afternoon does with a request. */
export interface Handling {
  readonly id: string
  /** Counts the requests that came this far. */
  readonly number: number
  readonly isRepeat: boolean
  readonly response: ServerResponse
  readonly handle: () => void
  readonly answer: (status: number, text?: string, headers?: Record<string, string>) => void
  /** Answers so, and knows nothing of it. */
  readonly fail: (status: number, headers?: Record<string, string>) => void
}

export interface Ways {
  readonly checks?: boolean
  /** Waits for the rest of a body that does not come. */
  readonly isPatient?: boolean
  readonly take?: (handling: Handling) => void
}

export const ACCEPTED = '{"status":"accepted"}'
export const DUPLICATE = '{"status":"duplicate"}'

export function takeWell ({ isRepeat, handle, answer }: Handling): void {
  if (!isRepeat) handle()
  answer(200, isRepeat ? DUPLICATE : ACCEPTED)
}

/** A receiver on nothing but node:http, which does well but for what it is told to do otherwise. */
export async function startPlain (t: Test, { checks = true, isPatient = false, take = takeWell }: Ways = {}) {
  const { path, write } = handledFile(t)
  const seen = new Set<string>()
  let number = 0

  async function receive (request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await buffer(request)
    const answer: Handling['answer'] = (status, text = '', headers = {}) => { response.writeHead(status, headers).end(text) }
    const signature = createHmac('sha512', SECRET).update(raw).digest('hex')
    if (checks && request.headers['x-oneroute-signature'] !== signature) { answer(401); return }
    const conversation = conversationIn(raw)
    if (conversation === undefined) { answer(400); return }
    const id = hash('sha256', raw, 'base64url')
    const isRepeat = seen.has(id)
    seen.add(id)
    number++
    take({
      id,
      number,
      isRepeat,
      response,
      answer,
      handle: () => { write(id, conversation) },
      fail: (status, headers) => {
        if (!isRepeat) seen.delete(id) // what it has handled it still knows
        answer(status, '', headers)
      }
    })
  }

  const origin = await listen(t, (request, response) => {
    receive(request, response).catch(() => { response.destroy() }) // the sender left
  }, isPatient ? () => {} : undefined)
  return { url: `${origin}/webhooks/oneroute`, handled: path }
}

function conversationIn (raw: Buffer): string | undefined {
  try {
    return eventOf(raw).conversation.id
  } catch {
    return undefined
  }
}

/** Plays a bad day. */
export async function chaos (url: string, argv: readonly string[] = [], given: Parameters<typeof cli>[1] = {}) {
  return await cli(['send', '--chaos', '--to', url, ...argv], { env: { ONEROUTE_SECRET: SECRET }, ...given })
}
