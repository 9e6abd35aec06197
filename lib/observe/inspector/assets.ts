import { readFile } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'
import { hidden } from './hidden.ts'

const TYPES = {
  'index.html': 'text/html; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'page.css': 'text/css; charset=utf-8'
} as const

/** The page, as the build has made it. */
export async function addAssets (scope: FastifyInstance): Promise<void> {
  // By the package's own name: it is where the package is, and not where this file is.
  const manifest = import.meta.resolve('fastify-oneroute-webhooks/package.json')
  for (const [name, type] of Object.entries(TYPES)) {
    const bytes = await readFile(new URL(`dist/lib/observe/inspector/page/${name}`, manifest))
    const url = name === 'index.html' ? '/' : `/${name}`
    scope.get(url, { schema: hidden }, async ({ url: address }, reply) => {
      const [path = ''] = address.split('?')
      // What the page asks for is relative to it: without the slash at the end that would be elsewhere.
      if (url === '/' && !path.endsWith('/')) return await reply.redirect(`${path.slice(path.lastIndexOf('/') + 1)}/`)
      return await reply.type(type).send(bytes)
    })
  }
}
