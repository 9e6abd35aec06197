import type { FastifyInstance } from 'fastify'
import { wholePath } from '../whole-path.ts'
import type { Key } from './key-variants.ts'

interface Registration {
  readonly path: string
  readonly secrets: readonly string[]
}

const registrations = new Set<Registration>()

/** Notes the keys of a route as long as its app is open, and returns a function that lists those of the other routes. */
export function registerKeys (scope: FastifyInstance, secrets: readonly string[], path: string): () => Key[] {
  const own = { path: wholePath(scope, path), secrets }
  registrations.add(own)
  scope.addHook('onClose', (_app, done) => {
    registrations.delete(own)
    done()
  })
  return () => Array.from(registrations)
    .filter((registration) => registration !== own)
    .flatMap(({ path, secrets }) => secrets.map((key) => ({ key, what: `with the key of the route ${path}` })))
}
