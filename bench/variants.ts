import type { Provider } from './requests.ts'

export interface Variant {
  /** Names the file in `servers/`, and the variant on the command line. */
  name: string
  title: string
  /** Whose requests it is sent. */
  provider: Provider
}

/** The first one is what the others are compared with. */
export const bare: Variant = { name: 'bare', title: 'Fastify, bare route', provider: 'oneRoute' }

export const variants: Variant[] = [
  bare,
  { name: 'ours-unsigned', title: 'this plugin, unsigned', provider: 'oneRoute' },
  { name: 'ours-signed', title: 'this plugin, signed', provider: 'oneRoute' },
  { name: 'handwritten', title: 'Fastify, written by hand, signed', provider: 'oneRoute' },
  { name: 'express', title: "Express, OneRoute's sample, unsigned", provider: 'oneRoute' },
  { name: 'octokit', title: '@octokit/webhooks, signed', provider: 'gitHub' }
]
