import type { RequestKind } from './requests.ts'

export interface Variant {
  /** Names the file in `servers/`, and the variant on the command line. */
  name: string
  title: string
  /** What it is sent. */
  requests: RequestKind
  /** Whether it keeps events in PostgreSQL. */
  postgres?: boolean
}

/** The first one is what the others are compared with. */
export const bare: Variant = { name: 'bare', title: 'Fastify, bare route', requests: 'oneRoute' }

export const variants: Variant[] = [
  bare,
  { name: 'ours-unsigned', title: 'this plugin, unsigned', requests: 'oneRoute' },
  { name: 'ours-signed', title: 'this plugin, signed', requests: 'oneRoute' },
  { name: 'ours-sqlite-unsigned', title: 'this plugin with SQLite, unsigned', requests: 'oneRoute' },
  { name: 'ours-sqlite-signed', title: 'this plugin with SQLite, signed', requests: 'oneRoute' },
  { name: 'ours-postgres-unsigned', title: 'this plugin with PostgreSQL, unsigned', requests: 'oneRoute', postgres: true },
  { name: 'ours-postgres-signed', title: 'this plugin with PostgreSQL, signed', requests: 'oneRoute', postgres: true },
  { name: 'handwritten', title: 'Fastify, written by hand, signed', requests: 'oneRoute' },
  { name: 'express', title: "Express, OneRoute's sample, unsigned", requests: 'oneRoute' },
  { name: 'octokit', title: '@octokit/webhooks, signed', requests: 'gitHub' }
]
