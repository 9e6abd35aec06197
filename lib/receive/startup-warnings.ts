import type { FastifyInstance } from 'fastify'
import type { ResolvedOptions } from '../webhooks/options.ts'
import { wholePath } from './whole-path.ts'

/** Says once, at the start, what lets strangers in, or keeps OneRoute out. */
export function warnAtStartup (app: FastifyInstance, { path, secrets, allowedIps }: ResolvedOptions): void {
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
