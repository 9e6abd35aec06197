import { createHmac } from 'node:crypto'
import { gitHubBodies, oneRouteBodies } from './bodies.ts'
import { secret } from './secret.ts'

export const MANY_CONVERSATIONS = 10_000

export interface WebhookRequest {
  path: string
  headers: Record<string, string>
  body: Buffer
}

/**
 * Requests as each provider sends them. All receivers of OneRoute's events get the very same ones, signature included:
 * whether a server looks at it is the server's matter.
 */
export const requestsOf = {
  oneRoute: (count: number) => oneRouteBodies(count).map(oneRouteRequest),
  oneConversation: (count: number) => oneRouteBodies(count, 1).map(oneRouteRequest),
  manyConversations: (count: number) => oneRouteBodies(count, MANY_CONVERSATIONS).map(oneRouteRequest),
  gitHub: (count: number) => gitHubBodies(count).map(gitHubRequest)
}

export type RequestKind = keyof typeof requestsOf

/** @throws if one provider's bodies are more than 5 % longer than the other's: the variants would not do the same job. */
export function assertEqualSize (sample = 1_000) {
  const oneRoute = meanSize(requestsOf.oneRoute(sample))
  const gitHub = meanSize(requestsOf.gitHub(sample))
  const difference = Math.abs(gitHub / oneRoute - 1)
  if (difference > 0.05) throw new Error(`bodies of ${oneRoute} and ${gitHub} bytes: they differ by more than 5 %`)
  return { oneRoute, gitHub }
}

function meanSize (requests: WebhookRequest[]) {
  return Math.round(requests.reduce((sum, { body }) => sum + body.length, 0) / requests.length)
}

function oneRouteRequest (text: string): WebhookRequest {
  const body = Buffer.from(text)
  return {
    path: '/webhooks/oneroute',
    headers: {
      'user-agent': 'OneRoute',
      accept: '*/*',
      'content-type': 'application/json',
      'x-oneroute-signature': createHmac('sha512', secret).update(body).digest('hex')
    },
    body
  }
}

function gitHubRequest (text: string, index: number): WebhookRequest {
  const body = Buffer.from(text)
  return {
    path: '/webhooks/github',
    headers: {
      'user-agent': 'GitHub-Hookshot/044aadd',
      accept: '*/*',
      'content-type': 'application/json',
      'x-github-event': 'issue_comment',
      'x-github-delivery': `72d3162e-cc78-11e3-81ab-${index.toString(16).padStart(12, '0')}`,
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
    },
    body
  }
}
