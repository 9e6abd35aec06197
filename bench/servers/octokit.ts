import { createServer } from 'node:http'
import { Webhooks, createNodeMiddleware } from '@octokit/webhooks'
import { secret } from '../secret.ts'
import { report } from './report.ts'
import { work } from './work.ts'

/**
 * The closest library for another provider, as its README shows it: its Node middleware on `node:http`, its own signature
 * (HMAC-SHA256). It checks no schema and knows no repeats.
 */
const webhooks = new Webhooks({ secret })

webhooks.on('issue_comment.created', ({ payload }) => {
  work(payload.comment.body, payload.issue.number)
})

const server = createServer(createNodeMiddleware(webhooks, { path: '/webhooks/github' }))
server.listen(0, '127.0.0.1', () => { report(server) })
