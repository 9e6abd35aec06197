import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ResolvedOptions } from '../webhooks/options.ts'
import type { ParseJson } from './intake.ts'

/** Fastify's own JSON parser: it refuses `__proto__`, whatever the host set for its other routes. */
export function jsonParserOf (app: FastifyInstance): ParseJson {
  const parse = app.getDefaultJsonParser('error', 'error')
  return (text) => {
    let result: unknown
    // It looks at no request, and calls back before it returns.
    void parse(undefined as unknown as FastifyRequest, text, (error, value) => {
      if (error !== null) throw error
      result = value
    })
    return result
  }
}

/** A path of a scope, as a client has it. */
export function wholePath ({ prefix }: Pick<FastifyInstance, 'prefix'>, path: string): string {
  return prefix.replace(/\/$/, '') + path
}

/** Says once, at the start, what lets strangers in, or keeps OneRoute out. */
export function warnOfOpenDoors (app: FastifyInstance, { path, secrets, allowedIps }: ResolvedOptions): void {
  if (secrets.length === 0) {
    app.log.warn(`webhooks are accepted unsigned on ${wholePath(app, path)}: set the \`secret\` option to check who sends them`)
  }
  if (secrets.some((secret) => secret !== secret.trim())) {
    app.log.warn('a key in `secret` begins or ends with a blank, which is a part of it: take the blank away if no signature fits')
  }
  if (allowedIps !== undefined && trustsEverybody(app)) {
    app.log.warn('`allowedIps` is no protection with `trustProxy: true`, which believes an X-Forwarded-For that anybody ' +
      'can write: set `trustProxy` to the addresses of your proxies')
  }
}

/** Fastify shows `trustProxy` nowhere but among the options it keeps for itself; without them there is only no warning. */
function trustsEverybody (app: FastifyInstance): boolean {
  for (let owner: object | null = app; owner !== null; owner = Reflect.getPrototypeOf(owner)) {
    const key = Object.getOwnPropertySymbols(owner).find(({ description }) => description === 'fastify.options')
    const options: unknown = key && Reflect.get(owner, key)
    if (typeof options === 'object' && options !== null && 'trustProxy' in options) return options.trustProxy === true
  }
  return false
}

/** After the app is ready, in milliseconds: an app that has not begun to listen by then is taken for one that does not. */
const LISTENS_WITHIN = 250

/** Calls back once when the app takes requests: it listens, or it is ready and does not. `atOnce`: when it is ready. */
export function whenServing (app: FastifyInstance, { atOnce, serve }: { atOnce: boolean, serve: () => void }): void {
  let timer: NodeJS.Timeout | undefined
  let isOver = false
  const begin = () => {
    if (!isOver) serve()
    end()
  }
  const end = () => {
    isOver = true
    clearTimeout(timer)
  }
  app.addHook('onReady', (done) => {
    if (atOnce) begin()
    // Other hooks may still be under way, and it listens only after them.
    else rootOf(app).ready().then(() => { timer = setTimeout(begin, LISTENS_WITHIN) }, end)
    done()
  })
  app.addHook('onListen', (done) => {
    begin()
    done()
  })
  app.addHook('preClose', (done) => {
    end()
    done()
  })
}

function isInstance (object: object | null): object is FastifyInstance {
  return object !== null && 'ready' in object
}

/** In a scope of its own, `ready` is another function: one that waits for what is loaded there. */
function rootOf (app: FastifyInstance): FastifyInstance {
  const parent = Reflect.getPrototypeOf(app)
  return isInstance(parent) ? rootOf(parent) : app // each scope has the one around it as its prototype
}
