import type { FastifyInstance } from 'fastify'
import { hidden } from './hidden.ts'
import { PAGE_FILES } from './page-files.ts'

const FILES = [
  { path: '/', type: 'text/html; charset=utf-8', text: PAGE_FILES['index.html'] },
  { path: '/page.js', type: 'text/javascript; charset=utf-8', text: PAGE_FILES['page.js'] },
  { path: '/page.css', type: 'text/css; charset=utf-8', text: PAGE_FILES['page.css'] }
]

/** The page. */
export function addAssets (scope: FastifyInstance): void {
  for (const { path, type, text } of FILES) {
    scope.get(path, { schema: hidden }, async ({ url }, reply) => {
      const [address = ''] = url.split('?')
      // What the page asks for is relative to it: without the slash at the end that would be elsewhere.
      if (path === '/' && !address.endsWith('/')) return await reply.redirect(`${address.slice(address.lastIndexOf('/') + 1)}/`)
      return await reply.type(type).send(text)
    })
  }
}
